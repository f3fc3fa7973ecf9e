package transfer_test

import (
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/transfer"
)

func put(t *testing.T, st store.Documents, name, data string) {
	t.Helper()
	if err := st.PutDocument(t.Context(), name, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// documents are those of a store, with their data.
func documents(t *testing.T, st store.Documents) []string {
	t.Helper()
	names, err := st.DocumentNames(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		data, err := st.Document(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		names[i] += "=" + string(data)
	}
	return names
}

func TestDocumentsAreCopied(t *testing.T) {
	from, to := open(t, model), open(t, model)
	put(t, from, "runs/a", "1")
	put(t, from, "labels/dog", "2")
	put(t, to, "labels/dog", "other")
	put(t, to, "labels/cat", "3")
	for range 2 {
		r, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
		if err != nil || r.Documents != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
		want := []string{"labels/cat=3", "labels/dog=2", "runs/a=1"}
		if got := documents(t, to); !slices.Equal(got, want) {
			t.Errorf("the target has %q, want %q", got, want)
		}
	}
}

func TestMirrorDocuments(t *testing.T) {
	from, to := open(t, model), open(t, model)
	put(t, from, "runs/a", "1")
	put(t, to, "runs/b", "gone from the source")
	if err := transfer.MirrorDocuments(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	if got, want := documents(t, to), []string{"runs/a=1"}; !slices.Equal(got, want) {
		t.Errorf("the target has %q, want %q", got, want)
	}
	if err := transfer.MirrorDocuments(t.Context(), from, from); err != nil {
		t.Errorf("to itself: %v", err)
	}
	if got := documents(t, from); len(got) != 1 {
		t.Errorf("mirrored to itself, it has %q", got)
	}
}
