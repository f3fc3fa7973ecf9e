package watch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestOnBattery(t *testing.T) {
	battery := map[string]string{"BAT0/type": "Battery\n", "BAT0/status": "Discharging\n"}
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"nothing":    {nil, false},
		"battery":    {battery, true},
		"mains":      {with(battery, "AC/type", "Mains\n", "AC/online", "1\n"), false},
		"mains away": {with(battery, "AC/type", "Mains\n", "AC/online", "0\n"), true},
		"USB":        {with(battery, "ucsi/type", "USB\n", "ucsi/online", "1\n"), false},
		"charging":   {with(battery, "BAT0/status", "Charging\n"), false},
		"full":       {with(battery, "BAT0/status", "Full\n"), false},
		"a mouse":    {with(battery, "BAT0/scope", "Device\n"), false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				put(t, filepath.Join(dir, file), text)
			}
			m := Machine{PowerSupply: dir, LoadAverage: filepath.Join(dir, "none"), Cores: 1}
			for _, running := range []bool{false, true} {
				if got := m.Hold(running) != ""; got != c.want {
					t.Errorf("running %v: waits %v, want %v", running, got, c.want)
				}
			}
		})
	}
}

// with is a copy of files with more of them.
func with(files map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range files {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// A busy machine keeps a run from beginning, and not from going on.
func TestLoad(t *testing.T) {
	for text, want := range map[string]bool{"1.99 0 0 1/9 9\n": false, "2.01 0 0 1/9 9\n": true, "": false, "nonsense": false} {
		dir := t.TempDir()
		file := filepath.Join(dir, "loadavg")
		put(t, file, text)
		m := Machine{PowerSupply: dir, LoadAverage: file, Cores: 2}
		if got := m.Hold(false) != ""; got != want || m.Hold(true) != "" {
			t.Errorf("%q: waits %v, want %v; %q", text, got, want, m.Hold(true))
		}
	}
}

func TestUnit(t *testing.T) {
	got := string(Unit([]string{"/opt/a b/indexer", "watch", "--ignore=*.tmp", `/p/100% "$x" \é` + "\n\xff"}))
	want := unitMark + `[Unit]
Description=Keep the index of pictures up to date

[Service]
ExecStart="/opt/a b/indexer" "watch" "--ignore=*.tmp" "/p/100%% \"$$x\" \\\xc3\xa9\x0a\xff"
SuccessExitStatus=130
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=2 11

[Install]
WantedBy=default.target
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unit (-want +got):\n%s", diff)
	}
}

func TestUnitPath(t *testing.T) {
	for _, c := range [][3]string{
		{"/c", "/h", "/c/systemd/user/sightline-watch.service"},
		{"", "/h", "/h/.config/systemd/user/sightline-watch.service"},
		{"relative", "/h", "/h/.config/systemd/user/sightline-watch.service"},
		{"", "", ""},
	} {
		got, err := UnitPath(func(name string) string {
			return map[string]string{"XDG_CONFIG_HOME": c[0], "HOME": c[1]}[name]
		})
		if got != filepath.FromSlash(c[2]) || (err == nil) != (c[2] != "") {
			t.Errorf("%v: %q, %v", c, got, err)
		}
	}
}

// A unit is written once, replaced when it is ours, and another's is left.
func TestInstall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "systemd", "user", UnitName)
	if removed, err := Uninstall(path); removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	one, two := Unit([]string{"/one"}), Unit([]string{"/two"})
	for i, c := range []struct {
		unit    []byte
		changed bool
	}{{one, true}, {one, false}, {two, true}} {
		changed, err := Install(path, c.unit)
		have, readErr := os.ReadFile(path)
		if changed != c.changed || err != nil || readErr != nil || string(have) != string(c.unit) {
			t.Errorf("%d: changed %v, %v, %v", i, changed, err, readErr)
		}
	}
	if removed, err := Uninstall(path); !removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	const foreign = "[Unit]\nDescription=mine\n"
	put(t, path, foreign)
	if _, err := Install(path, one); !errors.Is(err, ErrForeignUnit) {
		t.Errorf("error %v", err)
	}
	if _, err := Uninstall(path); !errors.Is(err, ErrForeignUnit) {
		t.Errorf("error %v", err)
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != foreign {
		t.Errorf("the unit is %q, %v", have, err)
	}
}
