//go:build !linux && !darwin

package ort

import "os"

func stampOf(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{Size: info.Size(), ModTime: info.ModTime().UnixNano()}, nil
}
