package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Machine says where a system tells of its power supply and its load. The zero value is
// where Linux does; elsewhere, nothing is known and nothing waits.
type Machine struct {
	PowerSupply string // "" means /sys/class/power_supply
	LoadAverage string // "" means /proc/loadavg
	Cores       int
}

// Hold is Options.Hold of who wants to be in nobody's way: no run begins or goes on while
// the machine is on battery, and none begins while it has more to do than it has cores. A
// run adds to the load itself, so that one in hand goes on.
func (m Machine) Hold(running bool) string {
	if m.onBattery() {
		return "the machine is on battery"
	}
	if load, ok := m.load(); ok && !running && load > float64(m.Cores) {
		return fmt.Sprintf("the load of %.1f is above the number of cores, %d", load, m.Cores)
	}
	return ""
}

// onBattery reports whether a battery of the machine itself is being used up and no mains
// supply is there.
func (m Machine) onBattery() bool {
	dir := m.PowerSupply
	if dir == "" {
		dir = "/sys/class/power_supply"
	}
	supplies, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	discharging := false
	for _, s := range supplies {
		says := func(name string) string { return firstLine(filepath.Join(dir, s.Name(), name)) }
		switch says("type") {
		case "Battery":
			// That of a mouse or a headset has the scope Device.
			if says("scope") != "Device" && says("status") == "Discharging" {
				discharging = true
			}
		case "Mains", "USB", "Wireless":
			if says("scope") != "Device" && says("online") == "1" {
				return false
			}
		}
	}
	return discharging
}

// load is the load average of the last minute.
func (m Machine) load() (load float64, ok bool) {
	file := m.LoadAverage
	if file == "" {
		file = "/proc/loadavg"
	}
	first, _, _ := strings.Cut(firstLine(file), " ")
	load, err := strconv.ParseFloat(first, 64)
	return load, err == nil
}

// firstLine is the beginning of a file of the system, "" where it cannot be read.
func firstLine(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	var b [128]byte
	n, _ := f.Read(b[:]) // what was read counts
	line, _, _ := strings.Cut(string(b[:n]), "\n")
	return strings.TrimSpace(line)
}
