package docs_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// block returns the first block of a language in a page.
func block(t *testing.T, page, language string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return string(m[1])
}

// job is a Job of Kubernetes' batch/v1, as far as the page goes: other keys fail the test.
type job struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   map[string]string `yaml:"metadata"`
	Spec       struct {
		Completions          int    `yaml:"completions"`
		Parallelism          int    `yaml:"parallelism"`
		CompletionMode       string `yaml:"completionMode"`
		BackoffLimitPerIndex int    `yaml:"backoffLimitPerIndex"`
		Template             struct {
			Spec struct {
				RestartPolicy string      `yaml:"restartPolicy"`
				Containers    []container `yaml:"containers"`
				Volumes       []struct {
					Name                  string            `yaml:"name"`
					PersistentVolumeClaim map[string]string `yaml:"persistentVolumeClaim"`
				} `yaml:"volumes"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type container struct {
	Name    string   `yaml:"name"`
	Image   string   `yaml:"image"`
	Command []string `yaml:"command"`
	Env     []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
	VolumeMounts []struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
	Resources map[string]map[string]string `yaml:"resources"`
}

// shardOf runs a command of an example with "indexer" replaced, and returns its --shard.
func shardOf(t *testing.T, script string, env ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", `indexer() { echo "$@"; }; `+strings.Replace(script, "exec indexer", "indexer", 1))
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, shard, _ := strings.Cut(strings.TrimSpace(string(out)), "--shard ")
	return shard
}

// The example is an Indexed Job whose pods are the shards from the first to the last.
func TestKubernetesExample(t *testing.T) {
	var j job
	d := yaml.NewDecoder(strings.NewReader(block(t, "scale.md", "yaml")))
	d.KnownFields(true)
	if err := d.Decode(&j); err != nil {
		t.Fatal(err)
	}
	pod := j.Spec.Template.Spec
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Spec.CompletionMode != "Indexed" || pod.RestartPolicy != "Never" ||
		len(pod.Containers) != 1 || j.Spec.Completions != 16 {
		t.Fatalf("%+v", j)
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		there := false
		for _, v := range pod.Volumes {
			there = there || v.Name == m.Name && v.PersistentVolumeClaim["claimName"] != ""
		}
		if !there {
			t.Errorf("volume %s is not there", m.Name)
		}
	}
	for index, want := range map[string]string{"0": "1/16", "15": "16/16"} {
		if got := shardOf(t, pod.Containers[0].Command[2], "JOB_COMPLETION_INDEX="+index); got != want {
			t.Errorf("pod %s is shard %q, want %s", index, got, want)
		}
	}
}

func TestSlurmExample(t *testing.T) {
	script := block(t, "scale.md", "sh")
	if !strings.Contains(script, "#SBATCH --array=1-16\n") {
		t.Error("it is no array of 16")
	}
	if got := shardOf(t, script, "SLURM_ARRAY_TASK_ID=16", "SLURM_ARRAY_TASK_COUNT=16"); got != "16/16" {
		t.Errorf("the last task is shard %q", got)
	}
}
