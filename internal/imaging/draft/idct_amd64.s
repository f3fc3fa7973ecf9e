#include "textflag.h"

// The factors of the odd rows, in pairs for VPMADDWD: odd1 and -odd3, odd5 and -odd7.
DATA ·oddPairs+0(SB)/8, $0xd74673fcd74673fc
DATA ·oddPairs+8(SB)/8, $0xe8ee1b37e8ee1b37
GLOBL ·oddPairs(SB), RODATA|NOPTR, $16

// The same for the columns of a row: 0, odd1, 0, -odd3, 0, odd5, 0, -odd7.
DATA ·oddColumns+0(SB)/8, $0xd746000073fc0000
DATA ·oddColumns+8(SB)/8, $0xe8ee00001b370000
GLOBL ·oddColumns(SB), RODATA|NOPTR, $16

// func twoAVX2(value *[128]int16, out, out2 *byte)
//
// twoPlain, all columns at once.
TEXT ·twoAVX2(SB), NOSPLIT, $0-24
	MOVQ value+0(FP), SI
	MOVQ out+8(FP), DI
	MOVQ out2+16(FP), R8
	VMOVDQU 16(SI), X1
	VMOVDQU 80(SI), X3
	VPUNPCKLWD 48(SI), X1, X0 // rows 1 and 3 of columns 0 to 3
	VPUNPCKHWD 48(SI), X1, X1 // and 4 to 7
	VPUNPCKLWD 112(SI), X3, X2
	VPUNPCKHWD 112(SI), X3, X3
	VPBROADCASTD ·oddPairs+0(SB), X4
	VPBROADCASTD ·oddPairs+8(SB), X5
	VPMADDWD X4, X0, X0
	VPMADDWD X4, X1, X1
	VPMADDWD X5, X2, X2
	VPMADDWD X5, X3, X3
	VPADDD X2, X0, X0 // odd
	VPADDD X3, X1, X1
	VPXOR X8, X8, X8
	VPCMPEQD X9, X9, X9
	VPSRLD $31, X9, X9 // ones
	VPUNPCKLWD (SI), X8, X2 // row 0 in the upper halves
	VPUNPCKHWD (SI), X8, X3
	VPSRAD $1, X2, X2
	VPSRAD $1, X3, X3
	VPSLLD $12, X9, X6
	VPADDD X6, X2, X2 // even
	VPADDD X6, X3, X3
	VPADDD X0, X2, X4
	VPADDD X1, X3, X5
	VPSUBD X0, X2, X2
	VPSUBD X1, X3, X3
	VPSRAD $13, X4, X4
	VPSRAD $13, X5, X5
	VPSRAD $13, X2, X2
	VPSRAD $13, X3, X3
	VPACKSSDW X5, X4, X4 // the upper row
	VPACKSSDW X3, X2, X2 // the lower

	VMOVDQU ·oddColumns(SB), X5
	VPMADDWD X5, X4, X0
	VPMADDWD X5, X2, X1
	VPHADDD X1, X0, X0
	VPHADDD X0, X0, X0 // odd of both rows
	VPUNPCKLWD X2, X4, X4
	VPUNPCKLWD X4, X8, X4 // column 0 of both, in the upper halves
	VPSRAD $1, X4, X4
	VPSLLD $19, X9, X6
	VPADDD X6, X4, X4
	VPADDD X0, X4, X5
	VPSUBD X0, X4, X4
	VPUNPCKLDQ X4, X5, X5
	VPSRAD $20, X5, X5
	VPACKSSDW X5, X5, X5
	VPACKSSWB X5, X5, X5
	VMOVD X5, AX
	XORL $0x80808080, AX // adds 128
	MOVW AX, (DI)
	SHRL $16, AX
	MOVW AX, (R8)
	RET
