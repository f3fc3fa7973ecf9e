package preview

import (
	"strconv"
	"strings"
)

// Detect guesses from the environment what the terminal can show: env is os.Getenv
// or the like. It does not ask the terminal, whose answer could arrive late and be
// taken for typed input. That the output is a terminal at all is for the caller to
// know.
//
// Inside tmux and screen the answer is None. They drop what they do not know unless
// the user has allowed it to pass, which cannot be seen from inside, and a picture
// that passes is painted over by the next redraw.
func Detect(env func(string) string) Protocol {
	term := env("TERM")
	program := env("TERM_PROGRAM")
	set := func(name string) bool { return env(name) != "" }
	starts := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(term, p) {
				return true
			}
		}
		return false
	}
	// The multiplexers first: inside them the variables of the outer terminal remain.
	switch {
	case set("TMUX"), set("STY"), set("ZELLIJ"), program == "tmux", starts("tmux", "screen"), term == "dumb", term == "linux":
		return None
	}
	// TERM describes the terminal that is really there, also through ssh, where other
	// variables are not passed on. A program started from a terminal inherits those
	// of the outer one, so the names that a terminal sets for itself alone go first.
	switch {
	case starts("xterm-kitty", "xterm-ghostty"):
		return Kitty
	case starts("foot", "mlterm", "contour", "yaft"), strings.Contains(term, "sixel"):
		return Sixel
	case starts("wezterm"):
		return ITerm2
	}
	switch program {
	case "iTerm.app", "WezTerm", "mintty":
		return ITerm2
	case "ghostty":
		return Kitty
	case "vscode", "Apple_Terminal": // none, or only with a setting that is off
		return None
	}
	switch {
	case set("KITTY_WINDOW_ID"), set("GHOSTTY_RESOURCES_DIR"), konsole(env("KONSOLE_VERSION")):
		return Kitty
	case env("LC_TERMINAL") == "iTerm2", set("ITERM_SESSION_ID"), set("WEZTERM_PANE"):
		return ITerm2
	case set("XTERM_VERSION"), set("MLTERM"):
		// An xterm that was not started as a VT340 drops the sequence unseen.
		return Sixel
	}
	return None
}

// konsole reports whether a version of Konsole (220400 for 22.04) shows pictures.
func konsole(version string) bool {
	n, err := strconv.Atoi(version)
	return err == nil && n >= 220400
}
