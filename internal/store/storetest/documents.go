package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
)

// testDocuments tests the documents of a store that keeps any.
func testDocuments(e *env) {
	if _, ok := find[store.Documents](e); !ok {
		e.Skip("this store keeps no documents")
	}
	src := newSource(60)
	e.upsert(src.records(3)...)
	e.recordFailures(src.failure())
	e.checkDocumentsKept(src)
	e.checkBadDocuments()
	e.checkDocumentsReplaced(src)
	e.check() // nothing of this changed a record
	docs := e.documents()
	if err := e.s.Close(); err != nil {
		e.Fatal(err)
	}
	if _, err := docs.Document(e.Context(), "a"); !errors.Is(err, store.ErrClosed) {
		e.Errorf("Document of a closed store = %v", err)
	}
	if err := docs.PutDocument(e.Context(), "a", nil); !errors.Is(err, store.ErrClosed) {
		e.Errorf("PutDocument of a closed store = %v", err)
	}
}

func (e *env) documents() store.Documents {
	docs, _ := store.As[store.Documents](e.s)
	return docs
}

func (s source) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return b
}

// checkDocumentsKept puts, replaces, lists and removes documents of many sizes.
func (e *env) checkDocumentsKept(src source) {
	e.Helper()
	want := map[string][]byte{
		"a": {}, "0": []byte("x"), "runs/20260102-030405.json": src.bytes(1000), "runs/b": src.bytes(49149), "runs/b.c": src.bytes(49150),
		"runs/b/c": src.bytes(250_000), "run": []byte("not under runs/"), "runsz": []byte("neither"), strings.Repeat("n", store.MaxDocumentName): []byte("long"),
	}
	put := func() {
		for name, data := range want {
			if err := e.documents().PutDocument(e.Context(), name, data); err != nil {
				e.Fatalf("PutDocument(%q): %v", name, err)
			}
		}
	}
	put()
	e.sameDocuments("", want)
	e.reopen()
	e.sameDocuments("", want)

	for name := range want { // each gets another size
		want[name] = src.bytes(200_000 - len(want[name])/2)
	}
	put()
	want["runs/b/c"] = []byte("short now")
	if err := e.documents().PutDocument(e.Context(), "runs/b/c", want["runs/b/c"]); err != nil {
		e.Fatal(err)
	}
	for _, name := range []string{"runs/b", "a", "none/such", "a"} {
		if err := e.documents().DeleteDocument(e.Context(), name); err != nil {
			e.Errorf("DeleteDocument(%q): %v", name, err)
		}
		delete(want, name)
		if _, err := e.documents().Document(e.Context(), name); !errors.Is(err, store.ErrNotFound) {
			e.Errorf("Document(%q) after it was removed = %v", name, err)
		}
	}
	for _, prefix := range []string{"", "runs/", "runs/b", "r", "zz"} {
		e.sameDocuments(prefix, want)
	}
	e.reopen()
	e.sameDocuments("", want)
}

// sameDocuments compares those whose names have a prefix with what they must be.
func (e *env) sameDocuments(prefix string, all map[string][]byte) {
	e.Helper()
	var want []string
	for name := range all {
		if strings.HasPrefix(name, prefix) {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	names, err := e.documents().DocumentNames(e.Context(), prefix)
	if err != nil || !slices.Equal(names, want) {
		e.Fatalf("DocumentNames(%q) = %q, %v; want %q", prefix, names, err, want)
	}
	for _, name := range want {
		data, err := e.documents().Document(e.Context(), name)
		if err != nil || !bytes.Equal(data, all[name]) {
			e.Fatalf("Document(%q) = %d bytes, %v; want %d", name, len(data), err, len(all[name]))
		}
	}
}

func (e *env) checkBadDocuments() {
	e.Helper()
	docs := e.documents()
	before, err := docs.DocumentNames(e.Context(), "")
	if err != nil {
		e.Fatal(err)
	}
	for _, name := range []string{
		"", ".", "..", "a/..", "../a", "/a", "a/", "a//b", "A", "a_b", "a b", "a\x00", "é", `a\b`, ".a", "-a", "a/.b", `a"`, "a%41", "a:b",
		strings.Repeat("n", store.MaxDocumentName+1),
	} {
		if err := docs.PutDocument(e.Context(), name, []byte("x")); err == nil {
			e.Errorf("PutDocument(%q) is not refused", name)
		}
		if _, err := docs.Document(e.Context(), name); err == nil {
			e.Errorf("Document(%q) is not refused", name)
		}
		if err := docs.DeleteDocument(e.Context(), name); err == nil {
			e.Errorf("DeleteDocument(%q) is not refused", name)
		}
	}
	if err := docs.PutDocument(e.Context(), "large", make([]byte, store.MaxDocument+1)); err == nil {
		e.Error("a document that is too large is not refused")
	}
	cancelled, cancel := context.WithCancel(e.Context())
	cancel()
	if err := docs.PutDocument(cancelled, "cancelled", nil); !errors.Is(err, context.Canceled) {
		e.Errorf("PutDocument of a cancelled context = %v", err)
	}
	if names, err := docs.DocumentNames(e.Context(), ""); err != nil || !slices.Equal(names, before) {
		e.Errorf("DocumentNames = %q, %v; want %q", names, err, before)
	}
}

// checkDocumentsReplaced lets readers look at a document that is replaced all the time:
// they must never find parts of two.
func (e *env) checkDocumentsReplaced(src source) {
	e.Helper()
	const name, writes, readers = "replaced", 6, 2
	docs := e.documents()
	data := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%02d", i), 20_000+30_000*(i%3)) }
	if err := docs.PutDocument(e.Context(), name, data(0)); err != nil {
		e.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, err := docs.Document(e.Context(), name)
				if err != nil || len(got) < 2 || !bytes.Equal(got, bytes.Repeat(got[:2], len(got)/2)) {
					e.Errorf("while it is replaced, Document = %d bytes, %v", len(got), err)
					return
				}
			}
		})
	}
	for i := 1; i <= writes; i++ {
		if err := docs.PutDocument(e.Context(), name, data(i)); err != nil {
			e.Errorf("PutDocument: %v", err)
		}
	}
	close(done)
	wg.Wait()
	if got, err := docs.Document(e.Context(), name); err != nil || !bytes.Equal(got, data(writes)) {
		e.Errorf("at the end, Document = %d bytes, %v", len(got), err)
	}
}
