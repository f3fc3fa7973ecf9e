#include "textflag.h"

// func dotAVX2(rows *byte, n, width int, first, second *int8, zero *[2]int32, out *int32, stride int)
//
// For n rows of width bytes, a multiple of 8: out[0] and out[1] become the inner
// products of the row with first and second, less zero[0] and zero[1], and out moves
// on by stride bytes. VPMADDUBSW adds two products in 16 bits, which 7-bit queries
// cannot overflow.
TEXT ·dotAVX2(SB), NOSPLIT, $0-64
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

// func midpointsAVX2(product *int32, step, shifts *float32, scale float32, n int, midpoints, maxima *float32)
//
// For n values, a multiple of 32: midpoints is product * step * scale + shifts, and maxima the
// greatest of every 32.
TEXT ·midpointsAVX2(SB), NOSPLIT, $0-56
	MOVQ product+0(FP), SI
	MOVQ step+8(FP), R8
	MOVQ shifts+16(FP), R9
	VBROADCASTSS scale+24(FP), Y15
	MOVQ n+32(FP), CX
	MOVQ midpoints+40(FP), DI
	MOVQ maxima+48(FP), R10
	SHRQ $5, CX

block32:
	VCVTDQ2PS (SI), Y0
	VCVTDQ2PS 32(SI), Y1
	VCVTDQ2PS 64(SI), Y2
	VCVTDQ2PS 96(SI), Y3
	VMULPS (R8), Y0, Y0
	VMULPS 32(R8), Y1, Y1
	VMULPS 64(R8), Y2, Y2
	VMULPS 96(R8), Y3, Y3
	VMULPS Y15, Y0, Y0
	VMULPS Y15, Y1, Y1
	VMULPS Y15, Y2, Y2
	VMULPS Y15, Y3, Y3
	VADDPS (R9), Y0, Y0
	VADDPS 32(R9), Y1, Y1
	VADDPS 64(R9), Y2, Y2
	VADDPS 96(R9), Y3, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VMAXPS Y1, Y0, Y0
	VMAXPS Y3, Y2, Y2
	VMAXPS Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0x4e, X0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0xb1, X0, X1
	VMAXPS X1, X0, X0
	VMOVSS X0, (R10)
	ADDQ $128, SI
	ADDQ $128, R8
	ADDQ $128, R9
	ADDQ $128, DI
	ADDQ $4, R10
	DECQ CX
	JNZ block32
	VZEROUPPER
	RET
