package hub

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestList(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	makeBundle(t, filepath.Join(one, "acme", "whole"))
	makeBundle(t, filepath.Join(one, "starter"))
	makeBundle(t, filepath.Join(one, "acme", "broken"))
	if err := os.Remove(filepath.Join(one, "acme", "broken", "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, two,
		"byhand/config.json", "{}", "byhand/preprocessor_config.json", "{}", "byhand/tokenizer.json", "[]",
		"byhand/onnx/vision_model_fp16.onnx", "v", "byhand/onnx/text_model_fp16.onnx", "t",
		"half/config.json", "{}",
		"odd/"+ManifestName, "{",
		"acme/.begun.partial/onnx/vision_model.onnx.0123456789abcdef.part", "12345",
		"acme/.whole.lock", "",
		"photos/2020/a.jpg", "x", "file", "x", ".cache/config.json", "{}")
	if err := os.Symlink(filepath.Join(one, "starter"), filepath.Join(two, "linked")); err != nil {
		t.Fatal(err)
	}

	again := filepath.Join(t.TempDir(), "again") // another name of the first
	if err := os.Symlink(one, again); err != nil {
		t.Fatal(err)
	}

	got, err := List(one, two, filepath.Join(one, "absent"), again)
	if err != nil {
		t.Fatal(err)
	}
	fp32 := []string{"fp32"}
	want := []Installed{
		{Name: "acme/begun", Dir: filepath.Join(two, "acme", "begun"), Bytes: 5, Missing: requiredFiles},
		{Name: "acme/broken", Dir: filepath.Join(one, "acme", "broken"), Precisions: fp32, Bytes: 14, Commit: testCommit, Missing: []string{"tokenizer.json"}},
		{Name: "acme/whole", Dir: filepath.Join(one, "acme", "whole"), Precisions: fp32, Bytes: 16, Commit: testCommit, Complete: true},
		{Name: "byhand", Dir: filepath.Join(two, "byhand"), Precisions: []string{"fp16"}, Bytes: 8, Complete: true},
		{Name: "half", Dir: filepath.Join(two, "half"), Bytes: 2, Missing: requiredFiles[1:]},
		{Name: "linked", Dir: filepath.Join(two, "linked"), Precisions: fp32, Bytes: 16, Commit: testCommit, Complete: true},
		{Name: "odd", Dir: filepath.Join(two, "odd"), Missing: append(append([]string{}, requiredFiles...), ManifestName)},
		{Name: "starter", Dir: filepath.Join(one, "starter"), Precisions: fp32, Bytes: 16, Commit: testCommit, Complete: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bundles (-want +got):\n%s", diff)
	}
}

func TestListReportsUnreadable(t *testing.T) {
	dir := t.TempDir()
	makeBundle(t, filepath.Join(dir, "good"))
	writeFiles(t, dir, "plain", "x")
	got, err := List(filepath.Join(dir, "plain"), dir)
	if err == nil || len(got) != 1 || got[0].Name != "good" {
		t.Errorf("got %+v, %v, want the good bundle and an error for the file", got, err)
	}
}
