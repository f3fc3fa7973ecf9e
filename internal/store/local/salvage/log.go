package salvage

import (
	"encoding/binary"
	"errors"
	"io"
)

// The write-ahead log is a header of logHead bytes and frames, each a header of frameHead
// bytes and a page.
const (
	logHead   = 32
	frameHead = 24
)

// readLog notes where the log holds pages: up to the last commit before which all frames
// are whole.
func (d *Database) readLog() error {
	if d.log == nil {
		return nil
	}
	head := make([]byte, logHead)
	if _, err := io.ReadFull(io.NewSectionReader(d.log, 0, logHead), head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // an empty log
		}
		return err
	}
	magic := binary.BigEndian.Uint32(head)
	if magic&^1 != 0x377f0682 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic&1 == 1 {
		order = binary.BigEndian
	}
	sum := logSum(order, [2]uint32{}, head[:24])
	if !sum.is(head[24:]) || int(binary.BigEndian.Uint32(head[8:])) != d.pageSize {
		return nil
	}
	found, pending := map[int64]int64{}, map[int64]int64{}
	pages := d.pages
	frame := make([]byte, frameHead+d.pageSize)
	for at := int64(logHead); ; at += int64(len(frame)) {
		if _, err := d.log.ReadAt(frame, at); err != nil {
			if !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		sum = logSum(order, logSum(order, sum, frame[:8]), frame[frameHead:])
		if string(frame[8:16]) != string(head[16:24]) || !sum.is(frame[16:]) {
			break
		}
		pending[int64(binary.BigEndian.Uint32(frame))] = at + frameHead
		if size := binary.BigEndian.Uint32(frame[4:]); size > 0 { // a commit
			pages = int64(size)
			for number, where := range pending {
				found[number] = where
			}
			clear(pending)
		}
	}
	d.inLog, d.pages = found, pages
	return nil
}

// frameSum is the running checksum of a log.
type frameSum [2]uint32

func (s frameSum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == s[0] && binary.BigEndian.Uint32(b[4:]) == s[1]
}

func logSum(order binary.ByteOrder, s frameSum, b []byte) frameSum {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}
