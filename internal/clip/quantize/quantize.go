// Package quantize makes the int8 variant of a model from its fp32 files. The tools
// for it are Python's, so that a script beside the programs does the work; this package
// finds the script, gives it an image tower without what is computed and thrown away,
// and says what to do where it fails.
package quantize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/terminal"
)

// Request says what to quantise, and with what.
type Request struct {
	Bundle string // folder of the model; the variant is written beside its fp32 files
	Script string // see FindScript
	Python string // the Python to run it with
	Force  bool   // replace an int8 variant that is there
	Output io.Writer
}

// The exit codes of the script that have a remedy.
const (
	exitNoPackages = 3
	exitExists     = 4
)

// Run makes the variant. What the script prints goes to r.Output; its last words on
// stderr are the error where it fails, with advice.
func Run(ctx context.Context, r Request) (err error) {
	vision, remove, err := trimmedVision(r.Bundle)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	args := []string{r.Script, r.Bundle, "--vision", vision}
	if r.Force {
		args = append(args, "--force")
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, r.Python, args...)
	cmd.Stdout, cmd.Stderr = r.Output, &said
	if err := cmd.Run(); err != nil {
		return problem(r, said.String(), err)
	}
	return nil
}

// trimmedVision writes the fp32 image tower of a bundle, trimmed to what its embedding
// needs, beside the graph itself, whose weights may be in files there. Where there is
// nothing to trim, the path is that of the graph.
func trimmedVision(bundle string) (path string, remove func() error, err error) {
	b, err := clip.OpenBundle(bundle, clip.BundleOptions{Precision: "fp32", Pixels: imaging.Fast})
	if err != nil {
		return "", nil, err
	}
	model, err := os.ReadFile(b.VisionPath)
	if err != nil {
		return "", nil, err
	}
	trimmed, ok, err := onnx.Trim(model, b.Vision.Embeds)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", b.VisionPath, err)
	}
	if !ok {
		return b.VisionPath, func() error { return nil }, nil
	}
	f, err := os.CreateTemp(filepath.Dir(b.VisionPath), ".trimmed-*.onnx")
	if err != nil {
		return "", nil, err
	}
	remove = func() error { return os.Remove(f.Name()) }
	_, err = f.Write(trimmed)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return f.Name(), remove, nil
}

// FindScript finds the script beside the programs: in a clone, or where a package puts
// it. executable is the path of the running one.
func FindScript(executable string) (string, error) {
	if real, err := filepath.EvalSymlinks(executable); err == nil {
		executable = real
	}
	bin := filepath.Dir(executable)
	name := filepath.Join("scripts", "quantize", "quantize.py")
	for _, dir := range []string{filepath.Join(bin, ".."), filepath.Join(bin, "..", "share", "sightline")} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fault.Fatalf("run it from a clone of the project: "+name+" FOLDER-OF-THE-MODEL", "%s is not beside the programs", name)
}

// problem turns the script's exit codes into advice. said is what it wrote to stderr.
func problem(r Request, said string, err error) error {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	why := terminal.Safe(lines[len(lines)-1]) // of a traceback, what it ends with
	found := &fault.Error{Err: fmt.Errorf("quantising failed: %s", why), Kind: fault.Fatal}
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		found.Err = fmt.Errorf("running %s: %w", r.Python, err)
		found.Advice = "--python names the Python to use"
	case exit.ExitCode() == exitNoPackages:
		found.Advice = fmt.Sprintf("pip install --require-hashes -r %s, or name another Python with --python",
			terminal.ShellWord(filepath.Join(filepath.Dir(r.Script), "requirements.txt")))
	case exit.ExitCode() == exitExists:
		found.Advice = "--force replaces it"
	}
	return found
}
