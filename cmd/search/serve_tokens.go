package main

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/server"
)

func tlsOf(c *cli.Context) (*tls.Config, error) {
	cert, key := c.String("tls-cert"), c.String("tls-key")
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, fault.Usagef("", "--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fault.Usagef("both are PEM files", "the certificate cannot be used: %s", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// tokensOf are the tokens that let in, and the one that was made for the occasion.
func tokensOf(c *cli.Context) (tokens []server.Token, fresh string, err error) {
	if token := c.String("token"); token != "" {
		if token == "new" {
			token = rand.Text()
			fresh = token
		}
		tokens = append(tokens, server.Token{Secret: token, Role: server.RoleWrite})
	}
	file := c.String("token-file")
	if file == "" {
		return tokens, fresh, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", fault.Usagef("", "the file of tokens: %s", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s:%d: the line has %d words", file, n, len(fields))
		}
		role, err := server.ParseRole(fields[0])
		if err != nil {
			return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s:%d: %s", file, n, err)
		}
		tokens = append(tokens, server.Token{Secret: fields[1], Role: role})
	}
	if err := lines.Err(); err != nil {
		return nil, "", err
	}
	if len(tokens) == 0 {
		return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s has no token", file)
	}
	return tokens, fresh, nil
}
