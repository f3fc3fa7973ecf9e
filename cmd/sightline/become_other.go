//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"
)

// become runs a program and waits for it, where a process cannot be replaced.
func become(path string, argv []string) (int, error) {
	cmd := exec.Command(path)
	cmd.Args = argv
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
