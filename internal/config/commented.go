package config

import "bytes"

// Commented returns a config file whose settings are all comments, so that it changes
// nothing until somebody takes a # away. The names of sections stay: an empty section
// sets nothing either, and a setting below it needs only its own # taken away.
func Commented(file []byte) []byte {
	lines := bytes.SplitAfter(file, []byte("\n"))
	var out bytes.Buffer
	for _, line := range lines {
		text := bytes.TrimSpace(line)
		isSection := bytes.HasSuffix(text, []byte(":"))
		if len(text) == 0 || text[0] == '#' || isSection {
			out.Write(line)
			continue
		}
		indent := line[:len(line)-len(bytes.TrimLeft(line, " "))]
		out.Write(indent)
		out.WriteString("#")
		out.Write(line[len(indent):])
	}
	return out.Bytes()
}
