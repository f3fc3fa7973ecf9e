#include "textflag.h"

// func dotCodesAVX2(rows *byte, n, width int, first, second *int8, zero *[2]int32, out *int32, stride int)
//
// For n rows of width bytes, a multiple of 8: out[0] and out[1] become the inner
// products of the row with first and second, less zero[0] and zero[1], and out moves
// on by stride bytes. VPMADDUBSW adds two products in 16 bits, which 7-bit queries
// cannot overflow.
TEXT ·dotCodesAVX2(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ width+16(FP), DX
	MOVQ first+24(FP), R8
	MOVQ second+32(FP), R9
	MOVQ zero+40(FP), AX
	MOVQ out+48(FP), DI
	MOVQ stride+56(FP), R10
	VMOVQ (AX), X14
	VPCMPEQW Y15, Y15, Y15
	VPSRLW $15, Y15, Y15 // sixteen ones
	MOVQ DX, R11
	ANDQ $-32, R11       // whole blocks of 32 bytes

row:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	XORQ AX, AX
	CMPQ AX, R11
	JGE tail

block:
	VMOVDQU (SI)(AX*1), Y2
	VPMADDUBSW (R8)(AX*1), Y2, Y3
	VPMADDUBSW (R9)(AX*1), Y2, Y4
	VPMADDWD Y15, Y3, Y3
	VPMADDWD Y15, Y4, Y4
	VPADDD Y3, Y0, Y0
	VPADDD Y4, Y1, Y1
	ADDQ $32, AX
	CMPQ AX, R11
	JLT block

tail:
	CMPQ AX, DX
	JGE reduce
	VMOVQ (SI)(AX*1), X2
	VMOVQ (R8)(AX*1), X5
	VMOVQ (R9)(AX*1), X6
	VPMADDUBSW X5, X2, X3
	VPMADDUBSW X6, X2, X4
	VPMADDWD X15, X3, X3
	VPMADDWD X15, X4, X4
	VPADDD Y3, Y0, Y0 // the upper halves of Y3 and Y4 are zero
	VPADDD Y4, Y1, Y1
	ADDQ $8, AX
	JMP tail

reduce:
	VPHADDD Y1, Y0, Y0
	VPHADDD Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD X1, X0, X0
	VPSUBD X14, X0, X0
	VMOVQ X0, (DI)
	ADDQ R10, DI
	ADDQ DX, SI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET
