package hub

import (
	"context"
	"crypto/sha1" // git names blobs by it; what we keep is SHA-256
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// sums are a file's size and the two names that the hub may know it by.
type sums struct {
	size   int64
	sha256 string
	blob   string // git's object id: SHA-1 of "blob SIZE\x00" and the content
}

// is reports whether a file with these sums is the one that the hub lists.
func (s sums) is(f remoteFile) bool {
	if s.size != f.size {
		return false
	}
	if f.sha256 != "" {
		return s.sha256 == f.sha256
	}
	return f.blob != "" && s.blob == f.blob
}

// digest reads a file. progress, which may be nil, is called with the length of every part read.
func digest(ctx context.Context, name string, progress func(n int)) (sums, error) {
	f, err := os.Open(name)
	if err != nil {
		return sums{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return sums{}, err
	}
	if !info.Mode().IsRegular() {
		return sums{}, fmt.Errorf("%s is not a regular file", name)
	}
	h256, h1 := sha256.New(), sha1.New()
	fmt.Fprintf(h1, "blob %d\x00", info.Size())
	var size int64
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return sums{}, err
		}
		n, err := f.Read(buf)
		h256.Write(buf[:n])
		h1.Write(buf[:n])
		size += int64(n)
		if progress != nil && n > 0 {
			progress(n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return sums{}, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return sums{size, hex.EncodeToString(h256.Sum(nil)), hex.EncodeToString(h1.Sum(nil))}, nil
}
