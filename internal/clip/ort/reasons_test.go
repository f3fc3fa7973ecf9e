package ort

import (
	"errors"
	"testing"
)

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&graphError{errors.New(`Load model from a.onnx failed:This is an invalid model. In Node, ("n", Cxnv, "", -1) : ("a": tensor(float),) -> ("b",) , Error No Op registered for Cxnv with domain_version of 17`)}, "it needs the operation Cxnv, which ONNX Runtime " + Version + " does not have"},
		{&graphError{errors.New("Load model from a.onnx failed:Fatal error: com.x:Foo(-1) is not a registered function/op")}, "it needs the operation com.x:Foo, which ONNX Runtime " + Version + " does not have"},
		{&graphError{errors.New("/src/model.cc:181 onnxruntime::Model::Model Unsupported model IR version: 99, max supported IR version: 11")}, "it is written in version 99 of ONNX, which is too new for ONNX Runtime " + Version},
		{&graphError{errors.New("Load model from a.onnx failed:Protobuf parsing failed.")}, "it is damaged, or no ONNX file"},
		{&graphError{errors.New("/src/graph.cc:1617 void onnxruntime::Graph::InitializeStateFromModelFileGraphProto() This is an invalid model. Graph output (x) does not exist in the graph.")}, "the parts of its graph do not fit together"},
		{&libraryError{"/x/l.so", errors.New("Platform-specific initialization failed: Error loading \"/x/l.so\": /x/l.so: file too short")}, "/x/l.so: it is no library, or not a whole one"},
		{&libraryError{"/x/l.so", errors.New("Platform-specific initialization failed: Error looking up OrtGetApiBase in \"/x/l.so\": ")}, "/x/l.so: it is a library, but not ONNX Runtime"},
		{&libraryError{"/x/l.so", errors.New("Error setting ORT API base: 2")}, "/x/l.so: it is an older ONNX Runtime; version " + Version + " is needed"},
		{&libraryError{"/x/l.so", errors.New("/x/l.so: libgomp.so.1: cannot open shared object file: No such file or directory")}, "/x/l.so: it needs libgomp.so.1, which is not installed"},
		{&libraryError{"/x/l.so", errors.New("/x/l.so: something new")}, "/x/l.so: something new"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", errors.Unwrap(c.err), got, c.want)
		}
	}
}
