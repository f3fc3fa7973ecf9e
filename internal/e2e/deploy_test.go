package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sightline/sightline/internal/config"
)

// No container engine runs where the tests do, so that these look at what an engine
// would be given, and run what it would run inside.

const root = "../.."

// compose is docker-compose.yml, as far as it goes. Keys that are not here fail the
// test: it must know of everything that is used.
type compose struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string                `yaml:"image"`
	Build       *build                `yaml:"build"`
	Entrypoint  []string              `yaml:"entrypoint"`
	Command     []string              `yaml:"command"`
	Environment map[string]string     `yaml:"environment"`
	Ports       []string              `yaml:"ports"`
	Volumes     []string              `yaml:"volumes"`
	DependsOn   map[string]dependency `yaml:"depends_on"`
	Healthcheck *healthcheck          `yaml:"healthcheck"`
	Profiles    []string              `yaml:"profiles"`
	Restart     string                `yaml:"restart"`
	ReadOnly    bool                  `yaml:"read_only"`
	Tmpfs       []string              `yaml:"tmpfs"`
	CapDrop     []string              `yaml:"cap_drop"`
	SecurityOpt []string              `yaml:"security_opt"`
}

type build struct {
	Context string `yaml:"context"`
}

type dependency struct {
	Condition string `yaml:"condition"`
}

type healthcheck struct {
	Test        []string `yaml:"test"`
	Interval    string   `yaml:"interval"`
	Timeout     string   `yaml:"timeout"`
	Retries     int      `yaml:"retries"`
	StartPeriod string   `yaml:"start_period"`
}

func readCompose(t *testing.T) compose {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var c compose
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// exactVersion is a tag that names one release: three numbers, or a date.
var exactVersion = regexp.MustCompile(`:.*(\d+\.\d+\.\d+|\d{4}-?\d{2}-?\d{2})`)

func TestComposeServers(t *testing.T) {
	c := readCompose(t)
	for _, name := range []string{"etcd", "minio", "milvus"} {
		s, ok := c.Services[name]
		if !ok {
			t.Errorf("there is no service %s", name)
			continue
		}
		if !exactVersion.MatchString(s.Image) {
			t.Errorf("%s: image %s names no exact version", name, s.Image)
		}
		h := s.Healthcheck
		if h == nil || len(h.Test) < 2 || h.Test[0] != "CMD" || h.Interval == "" || h.Timeout == "" || h.Retries == 0 {
			t.Errorf("%s: health check %+v", name, h)
		}
		if len(s.Volumes) == 0 || s.Restart == "" || len(s.Command) == 0 || len(s.Profiles) != 0 {
			t.Errorf("%s: volumes %v, restart %q, command %v, profiles %v", name, s.Volumes, s.Restart, s.Command, s.Profiles)
		}
	}
	// What upstream's own file names, with what every image of it has.
	store := c.Services["minio"]
	if !regexp.MustCompile(`^quay\.io/minio/minio:RELEASE\.[-0-9TZ]+@sha256:[0-9a-f]{64}$`).MatchString(store.Image) {
		t.Errorf("MinIO's image is %s", store.Image)
	}
	if got := strings.Join(store.Healthcheck.Test, " "); got != "CMD mc ready local" {
		t.Errorf("MinIO's health check is %s", got)
	}
	milvus := c.Services["milvus"]
	if got := milvus.Environment["ETCD_ENDPOINTS"]; got != "etcd:2379" {
		t.Errorf("milvus looks for etcd at %s", got)
	}
	if got := milvus.Environment["MINIO_ADDRESS"]; got != "minio:9000" {
		t.Errorf("milvus looks for MinIO at %s", got)
	}
	minio := c.Services["minio"].Environment
	if minio["MINIO_ROOT_USER"] != milvus.Environment["MINIO_ACCESS_KEY_ID"] ||
		minio["MINIO_ROOT_PASSWORD"] != milvus.Environment["MINIO_SECRET_ACCESS_KEY"] {
		t.Error("milvus has not the identity that MinIO expects")
	}
	for name, s := range c.Services {
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the network, without a login", name, p)
			}
		}
	}
}

func TestComposeReferences(t *testing.T) {
	c := readCompose(t)
	used := make(map[string]bool)
	for name, s := range c.Services {
		for on, d := range s.DependsOn {
			switch other, ok := c.Services[on]; {
			case !ok:
				t.Errorf("%s depends on %s, which is not there", name, on)
			case d.Condition != "service_healthy" || other.Healthcheck == nil:
				t.Errorf("%s does not wait until %s is healthy", name, on)
			}
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(strings.TrimPrefix(v, "${PHOTOS:-./demo/photos}"), ":")
			if source == "" {
				continue // the photos
			}
			used[source] = true
			if _, ok := c.Volumes[source]; !ok {
				t.Errorf("%s: volume %s is not declared", name, source)
			}
		}
	}
	for v := range c.Volumes {
		if !used[v] {
			t.Errorf("nobody uses volume %s", v)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range regexp.MustCompile(`\$\{[^}]*\}`).FindAllString(string(text), -1) {
		if !strings.Contains(variable, ":-") {
			t.Errorf("%s has no default", variable)
		}
	}
}

func TestComposeCommands(t *testing.T) {
	c := readCompose(t)
	var settings []string
	for _, key := range config.Keys() {
		settings = append(settings, config.EnvName(key))
	}
	for _, name := range []string{"indexer", "search"} {
		s := c.Services[name]
		if s.Build == nil || s.Build.Context != "." || !slices.Contains(s.Profiles, "tools") {
			t.Errorf("%s: build %+v, profiles %v", name, s.Build, s.Profiles)
		}
		if !slices.ContainsFunc(s.Volumes, func(v string) bool { return strings.HasSuffix(v, ":/photos:ro") }) {
			t.Errorf("%s: the photos are not mounted read-only: %v", name, s.Volumes)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s: read_only %v, cap_drop %v", name, s.ReadOnly, s.CapDrop)
		}
		for variable := range s.Environment {
			if !slices.Contains(settings, variable) {
				t.Errorf("%s: %s is no setting", name, variable)
			}
		}
		// The program must know the command: its own help, with a server or without.
		line := append(slices.Clone(s.Entrypoint), s.Command...)
		if len(line) < 2 || line[0] != name {
			t.Errorf("%s runs %q", name, line)
			continue
		}
		if out, err := exec.Command(filepath.Join(programs, line[0]), append(line[1:], "--help")...).CombinedOutput(); err != nil {
			t.Errorf("%q --help: %v\n%s", line, err, out)
		}
	}
}

// instructions are the lines of the Dockerfile, continued lines in one.
func instructions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

func TestDockerfile(t *testing.T) {
	goVersion := regexp.MustCompile(`(?m)^toolchain go(\S+)$`)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := goVersion.FindStringSubmatch(string(mod))[1]
	var stages, user int
	for i, line := range instructions(t) {
		words := strings.Fields(line)
		switch words[0] {
		case "FROM":
			stages, user = stages+1, 0
			if !exactVersion.MatchString(words[1]) {
				t.Errorf("%s names no exact version", words[1])
			}
			if strings.HasPrefix(words[1], "golang:") && !strings.HasPrefix(words[1], "golang:"+want+"-") {
				t.Errorf("%s, where go.mod says %s", words[1], want)
			}
		case "COPY":
			if strings.HasPrefix(words[1], "--from=") {
				continue
			}
			for _, source := range words[1 : len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, source)); err != nil {
					t.Errorf("instruction %d: %v", i+1, err)
				}
				if !sentToTheBuild(t, source) {
					t.Errorf("%s is copied, but .dockerignore leaves it out", source)
				}
			}
		case "USER":
			user = i
			if words[1] == "root" || strings.HasPrefix(words[1], "0") {
				t.Errorf("the image runs as %s", words[1])
			}
		case "CMD":
			if user == 0 {
				t.Error("the image runs as root")
			}
		}
	}
	if stages < 2 {
		t.Errorf("%d stages: the tools of the build would be in the image", stages)
	}
}

// sentToTheBuild reports whether .dockerignore lets a path through, by the exceptions
// that follow its first line, which leaves out everything.
func sentToTheBuild(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if !slices.Contains(lines, "*") {
		t.Fatal(".dockerignore does not begin with everything")
	}
	return slices.Contains(lines, "!"+path)
}

// The image is built as make builds it.
func TestDockerfileBuildsAsMakeDoes(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tags := regexp.MustCompile(`(?m)^export TAGS := (\S+)$`).FindStringSubmatch(read("Makefile"))
	if tags == nil {
		t.Fatal("the Makefile sets no TAGS")
	}
	if docker := read("Dockerfile"); !strings.Contains(docker, "go build -tags "+tags[1]+" ") {
		t.Errorf("the Dockerfile does not build with -tags %s", tags[1])
	}
}
