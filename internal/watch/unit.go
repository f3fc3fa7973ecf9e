package watch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/smallfile"
)

// UnitName is the name of the systemd user unit.
const UnitName = "sightline-watch.service"

// unitMark is the first line of units that we wrote. A unit without it is somebody else's.
const unitMark = "# Written by indexer watch --install; indexer watch --uninstall removes it.\n"

// Unit is a systemd user unit that runs a command, whose first word is an absolute path,
// whenever its user is logged in, and again when it failed.
func Unit(command []string) []byte {
	var b bytes.Buffer
	b.WriteString(unitMark)
	b.WriteString(`[Unit]
Description=Keep the index of pictures up to date

[Service]
`)
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = unitWord(w)
	}
	fmt.Fprintf(&b, "ExecStart=%s\n", strings.Join(words, " "))
	// 130 is an end on request.
	b.WriteString(`SuccessExitStatus=130
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=2 11

[Install]
WantedBy=default.target
`)
	return b.Bytes()
}

// unitWord quotes a word for a command line of systemd, whatever bytes it holds.
func unitWord(word string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(word) {
		switch c := word[i]; {
		case c == '%' || c == '$': // specifiers and variables
			b.WriteByte(c)
			b.WriteByte(c)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f || c >= 0x80:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// UnitPath is where the unit of this user lies, by the environment.
func UnitPath(getenv func(string) string) (string, error) {
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return "", fault.Usagef("set HOME or XDG_CONFIG_HOME", "there is no folder for systemd's units")
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "systemd", "user", UnitName), nil
}

// ErrForeignUnit says that a unit of our name was written by somebody else.
var ErrForeignUnit = errors.New("it was not written by indexer watch --install, and is left as it is")

// Install writes a unit. It reports whether that changed anything, and leaves a unit that
// somebody else wrote as it is.
func Install(path string, unit []byte) (changed bool, err error) {
	have, err := ownUnit(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err == nil && bytes.Equal(have, unit) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, err
	}
	return true, atomicfile.WriteBytes(path, unit)
}

// Uninstall removes the unit that Install wrote, and reports whether there was one.
func Uninstall(path string) (removed bool, err error) {
	if _, err := ownUnit(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, os.Remove(path)
}

// mostUnit is how many bytes of a unit are read at most.
const mostUnit = 1 << 20

// ownUnit reads a unit that Install wrote.
func ownUnit(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	foreign := fault.Fatalf("remove it or give it another name first", "%s: %w", path, ErrForeignUnit)
	if !info.Mode().IsRegular() {
		return nil, foreign
	}
	data, err := smallfile.Read(path, mostUnit)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte(unitMark)) {
		return nil, foreign
	}
	return data, nil
}
