// libsentencepiece and libtorch's libc10 both export a variable named FLAGS_minloglevel: a 32-byte object of a class in the
// one, an int in the other. In a process that loads both, the loader gives both the same one, and where that is libc10's,
// sentencepiece's constructor writes over the flags behind it, so that a failed allocation aborts the process instead of
// throwing. The executable's own definition comes before either: it is large enough for both, and the only reader, libc10,
// looks at it on request alone.
__attribute__((visibility("default"), used, aligned(64))) char FLAGS_minloglevel[256];
