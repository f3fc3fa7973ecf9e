package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/terminal"
)

func modelQuantizeCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "quantize",
		Usage:     "make the int8 variant of a model from its fp32 files",
		ArgsUsage: "NAME-or-DIR",
		Description: `The variant is written beside the fp32 files: a quarter of their size, and several
times faster where the CPU has the instructions. It is used with --precision int8, and
needs an index of its own. What an image tower computes and throws away is left out. The
tools for it are Python's, so that Python does it:

   python3 -m venv ~/.venv/quantize
   ~/.venv/quantize/bin/pip install --require-hashes -r scripts/quantize/requirements.txt
   indexer model quantize Xenova/clip-vit-base-patch32 --python ~/.venv/quantize/bin/python
   indexer model verify Xenova/clip-vit-base-patch32 --against fp32 --precision int8`,
		Flags: cmdline.Flags(modelDirFlags(), []cli.Flag{
			&cli.StringFlag{Name: "python", Usage: "run `FILE`, a Python with the packages of scripts/quantize/requirements.txt", Value: "python3"},
			&cli.BoolFlag{Name: "force", Usage: "replace an int8 variant that is there"},
		}),
		Action: func(c *cli.Context) (err error) {
			if c.NArg() != 1 {
				return fault.Usagef("indexer model list shows what is there", "indexer model quantize takes one model")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			m, err := p.FindModel(cfg, c.Args().First())
			if err != nil {
				return err
			}
			script, err := quantizer(p)
			if err != nil {
				return err
			}
			vision, remove, err := trimmedVision(m.Dir)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, remove()) }()
			args := []string{script, m.Dir, "--vision", vision}
			if c.Bool("force") {
				args = append(args, "--force")
			}
			var said bytes.Buffer
			cmd := exec.CommandContext(c.Context, c.String("python"), args...)
			cmd.Stdout, cmd.Stderr = p.Stdout, &said
			if err := cmd.Run(); err != nil {
				return quantizeProblem(c.String("python"), script, &said, err)
			}
			p.Printf("next: indexer model verify %s --against fp32 --precision int8\n", terminal.ShellWord(m.Name))
			return nil
		},
	}
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

// quantizer finds the script beside the programs: in a clone, or where a package puts
// it.
func quantizer(p *cmdline.Program) (string, error) {
	exe := p.Executable
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	bin := filepath.Dir(exe)
	name := filepath.Join("scripts", "quantize", "quantize.py")
	for _, dir := range []string{filepath.Join(bin, ".."), filepath.Join(bin, "..", "share", "sightline")} {
		if path := filepath.Join(dir, name); exists(path) {
			return path, nil
		}
	}
	return "", &fault.Error{Err: fmt.Errorf("%s is not beside the programs", name), Kind: fault.Fatal,
		Advice: "run it from a clone of the project: " + name + " FOLDER-OF-THE-MODEL"}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// quantizeProblem turns the script's exit codes into advice.
func quantizeProblem(python, script string, said *bytes.Buffer, err error) error {
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	why := terminal.Safe(lines[len(lines)-1]) // of a traceback, what it ends with
	problem := &fault.Error{Err: fmt.Errorf("quantising failed: %s", why), Kind: fault.Fatal}
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		problem.Err = fmt.Errorf("running %s: %w", python, err)
		problem.Advice = "--python names the Python to use"
	case exit.ExitCode() == 3:
		problem.Advice = fmt.Sprintf("pip install --require-hashes -r %s, or name another Python with --python",
			terminal.ShellWord(filepath.Join(filepath.Dir(script), "requirements.txt")))
	case exit.ExitCode() == 4:
		problem.Advice = "--force replaces it"
	}
	return problem
}
