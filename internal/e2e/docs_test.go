package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of README and docs are run as they stand there, in the order of the page, in
// a folder that looks like a clone, with a HOME that has some pictures in it. Words in
// capitals stand for something, as they do in the text.

// ourCommand begins a line of a page's code that is a command to be run here. Other lines are
// what a command prints, or commands of other programs.
var ourCommand = regexp.MustCompile(`^(source <\(|[A-Z_]+=\S+ )?(bin/)?(indexer|search|sightline)\s`)

// otherCommand begins a line that is somebody else's command, which is only looked at: see
// checkOther.
var otherCommand = regexp.MustCompile(`^(make|scripts/\S+|docker|sudo|systemctl|kubectl|sbatch|python3|pip|psql|exiftool)\b`)

// remark is what stands behind a command, to say what it does: two blanks and words.
var remark = regexp.MustCompile(`\s{2,}\S.*$|\s+#\s.*$`)

// notRun are lines that look like commands and are not run, by how they begin.
var notRun = []struct{ begins, why string }{
	{"indexer run PATH... |", "a list of commands"},
	{"indexer run PATH...", "a list of commands"},
	{"search --tag beach --under PATH     (", "a list of commands"},
	{"bin/indexer model fetch", "150 MB from the hub; models.txtar fetches from a hub of its own"},
	{"indexer model fetch", "150 MB from the hub; models.txtar fetches from a hub of its own"},
	{"indexer run ~/Pictures --rebuild --model Xenova/", "150 MB from the hub"},
	{"bin/indexer model use", "150 MB from the hub"},
	{"indexer model use", "150 MB from the hub"},
}

// serves and watches begin commands that do not end.
var (
	serves  = regexp.MustCompile(`^(bin/)?(search|sightline) serve`)
	watches = regexp.MustCompile(`^(bin/)?(indexer|sightline) watch`)
)

// standIns are put in the place of what a page leaves to its reader.
var standIns = strings.NewReplacer(
	"/mnt/photos", "$WORK/photos", "/mnt/backups/", "$WORK/backups/", "/tmp/", "$WORK/", "/srv/photos", "$WORK/photos", "PREFIX", "$WORK/prefix",
	"--labels everyday", "--labels colours", // which ships too, and is a sixteenth of the work
	" PATHS", " ~/Pictures", " PATH", " ~/Pictures",
	"--listen unix:/run/user/1000/s.sock", "",
	" forget ", " forget --yes ", " drop ", " drop --yes ", // which ask, and there is nobody to answer
)

// docCommand is one command of a page.
type docCommand struct {
	line int
	text string // without the remark
}

// docCommands reads the commands out of a page.
func docCommands(page string) []docCommand {
	var found []docCommand
	fenced := false
	for i, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			continue
		}
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if ourCommand.MatchString(line) || otherCommand.MatchString(line) {
			found = append(found, docCommand{i + 1, line})
		}
	}
	return found
}

// docPages are the pages whose commands are run. design.md lists commands, and does not
// show any.
func docPages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	guides, err := filepath.Glob(filepath.Join(root, "docs", "guides", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found = slices.DeleteFunc(append(found, guides...), func(p string) bool { return filepath.Base(p) == "design.md" })
	return append(found, filepath.Join(root, "README.md"))
}

// docSetup makes what the pages speak of.
const docSetup = `mkdir home/Pictures/2024
mkdir home/.zfunc
mkdir home/.config/fish/completions
mkdir cars
exec ln -s ` + "$PROGRAMS" + ` bin
exec ln -s $ROOT/docs docs
exec ln -s $ROOT/scripts scripts
exec cp $ROOT/config.yaml config.yaml
picture home/Pictures/dog.jpg red
picture home/Pictures/cat.jpg green
picture home/Pictures/2024/beach.jpg blue
picture home/Pictures/2024/car.jpg red 3
picture home/Pictures/private/letter.png white
picture photos/one.jpg red 5
picture photos/two.jpg blue 5
picture holiday.jpg blue 1
picture photo.jpg red 1
picture dog.jpg red 2
exec bin/indexer run home/Pictures
`

const docFiles = `
-- labels.txt --
beach
dog
snow
-- labels.yaml --
- name: dog
  aliases: [puppy]
- beach
-- mine.txt --
sky
animal
-- queries.txt --
a dog on a beach
-- captions.tsv --
holiday.jpg	a blue sky
`

// TestDocs runs the commands of the pages.
func TestDocs(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	p := params(t, "")
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("PROGRAMS", programs)
		env.Setenv("ROOT", here)
		return setup(env)
	}
	p.ContinueOnError = true
	dir := t.TempDir()
	for _, file := range docPages(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		var script strings.Builder
		script.WriteString(docSetup)
		n, onServer := 0, false
		for _, c := range docCommands(string(data)) {
			if otherCommand.MatchString(c.text) {
				checkOther(t, file, c)
				continue
			}
			if slices.ContainsFunc(notRun, func(a struct{ begins, why string }) bool { return strings.HasPrefix(c.text, a.begins) }) {
				continue
			}
			if strings.Contains(c.text, "milvus") && !onServer {
				onServer = true
				script.WriteString("fakemilvus\nenv SIGHTLINE_STORE=local\n")
			}
			command := standIns.Replace(remark.ReplaceAllString(c.text, ""))
			if serves.MatchString(command) {
				// It runs until somebody ends it: that it is still there tells that it works.
				command = "timeout -s INT 5 " + strings.Replace(command, " --open", "", 1) + " --listen 127.0.0.1:0; [ $? = 124 ]"
			}
			if watches.MatchString(command) && !strings.Contains(command, "install") {
				command = "timeout -s INT 2 " + command + "; [ $? = 124 ]"
			}
			fmt.Fprintf(&script, "# %s, line %d: %s\nexec bash -c %s\n", filepath.Base(file), c.line, c.text, quoted("PATH=$WORK/bin:$PATH; cd $WORK; exec </dev/null; set -o pipefail; "+command))
			n++
		}
		if n == 0 {
			continue
		}
		path := filepath.Join(dir, "docs-"+name+".txtar")
		if err := os.WriteFile(path, []byte(script.String()+docFiles), 0o644); err != nil {
			t.Fatal(err)
		}
		p.Files = append(p.Files, path)
	}
	testscript.Run(t, p)
}

// quoted puts a text into quotes, as testscript reads them.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

var makeTarget = regexp.MustCompile(`(?m)^([a-z-]+):.*##`)

// checkOther looks at a command that is not run here: a target of make must be one, and a
// script must be there.
func checkOther(t *testing.T, file string, c docCommand) {
	t.Helper()
	words := strings.Fields(c.text)
	switch {
	case words[0] == "make" && len(words) > 1:
		makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range makeTarget.FindAllStringSubmatch(string(makefile), -1) {
			if m[1] == words[1] {
				return
			}
		}
		t.Errorf("%s, line %d: make has no target %s", filepath.Base(file), c.line, words[1])
	case strings.HasPrefix(words[0], "scripts/"):
		if _, err := os.Stat(filepath.Join(root, words[0])); err != nil {
			t.Errorf("%s, line %d: %v", filepath.Base(file), c.line, err)
		}
	}
}
