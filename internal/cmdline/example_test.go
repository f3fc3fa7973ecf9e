package cmdline_test

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
)

// A command line with a command that may be left out. Flags may stand after arguments,
// and an error is two lines and an exit code.
func Example() {
	p := &cmdline.Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stdout,
		Env: app.Env{Getenv: func(string) string { return "" }},
	}
	run := func(args ...string) int {
		return p.Run(context.Background(), &cli.App{
			Name: "find", DefaultCommand: "text",
			Commands: []*cli.Command{{
				Name: "text", ArgsUsage: "QUERY", Flags: []cli.Flag{&cli.IntFlag{Name: "k", Value: 10}},
				Action: func(c *cli.Context) error {
					if c.Int("k") < 1 {
						return fault.Usagef("give at least 1", "-k is %d", c.Int("k"))
					}
					p.Printf("%d of %q\n", c.Int("k"), c.Args().First())
					return nil
				},
			}},
		}, append([]string{"find"}, args...))
	}
	fmt.Println("exit code", run("a dog", "-k", "3"))
	fmt.Println("exit code", run("-k", "0", "a dog"))
	// Output:
	// 3 of "a dog"
	// exit code 0
	// error: -k is 0
	// hint: give at least 1
	// exit code 2
}
