#include "textflag.h"

// For VPSHUFB: the samples of two RGB pixels become pairs of 16-bit numbers, red with red
// and so on, and a pair of zeros. A byte of 0x80 stands for zero.
DATA ·firstTwo<>+0(SB)/8, $0x8004800180038000
DATA ·firstTwo<>+8(SB)/8, $0x8080808080058002
GLOBL ·firstTwo<>(SB), RODATA|NOPTR, $16

// The same of the next two pixels.
DATA ·nextTwo<>+0(SB)/8, $0x800a800780098006
DATA ·nextTwo<>+8(SB)/8, $0x80808080800b8008
GLOBL ·nextTwo<>(SB), RODATA|NOPTR, $16

// For VPERMD: undoes the order in which packing twice within 128 bits leaves four
// registers.
DATA ·unpacked<>+0(SB)/8, $0x0000000400000000
DATA ·unpacked<>+8(SB)/8, $0x0000000500000001
DATA ·unpacked<>+16(SB)/8, $0x0000000600000002
DATA ·unpacked<>+24(SB)/8, $0x0000000700000003
GLOBL ·unpacked<>(SB), RODATA|NOPTR, $32

// func acrossAVX2(out *byte, stride int, rows *[4]*byte, offset *int32, coef *int16, n, pairs int)
//
// For each of n pixels, and four rows at once: the RGB pixels from offset on, pairs of
// them, times their coefficients, are added up and rounded. A register holds two rows in
// its halves, and in each half the sums of red, green, blue and nothing. A step is two
// pairs, of which it loads 16 bytes; what is loaded behind the last pair is not used. Each
// pixel stores 8 bytes in a pair of rows, of which the first 6 count: rows 0 and 1 at out,
// rows 2 and 3 stride bytes further on.
TEXT ·acrossAVX2(SB), NOSPLIT, $0-56
	MOVQ out+0(FP), DI
	MOVQ stride+8(FP), DX
	ADDQ DI, DX
	MOVQ rows+16(FP), AX
	MOVQ 0(AX), R8
	MOVQ 8(AX), R9
	MOVQ 16(AX), R10
	MOVQ 24(AX), R11
	MOVQ offset+24(FP), SI
	MOVQ coef+32(FP), BX
	MOVQ n+40(FP), CX
	MOVQ pairs+48(FP), R12
	VBROADCASTI128 ·firstTwo<>(SB), Y14
	VBROADCASTI128 ·nextTwo<>(SB), Y13
	VPCMPEQD Y15, Y15, Y15
	VPSRLD $31, Y15, Y15
	VPSLLD $21, Y15, Y15 // a half of the 22 fractional bits

pixel:
	MOVL (SI), AX
	MOVQ R12, R13
	SHRQ $1, R13       // whole steps
	VMOVDQA Y15, Y0    // low sums of rows 0 and 1
	VMOVDQA Y15, Y1    // and of rows 2 and 3
	VPXOR Y2, Y2, Y2   // high sums
	VPXOR Y3, Y3, Y3
	JZ last            // as SHRQ said

step:
	VMOVDQU (R8)(AX*1), X4
	VMOVDQU (R10)(AX*1), X5
	VINSERTI128 $1, (R9)(AX*1), Y4, Y4
	VINSERTI128 $1, (R11)(AX*1), Y5, Y5
	VPBROADCASTD 0(BX), Y8
	VPBROADCASTD 4(BX), Y9
	VPBROADCASTD 8(BX), Y10
	VPBROADCASTD 12(BX), Y11
	VPSHUFB Y14, Y4, Y6
	VPSHUFB Y13, Y4, Y7
	VPMADDWD Y8, Y6, Y12
	VPMADDWD Y9, Y6, Y6
	VPADDD Y12, Y2, Y2
	VPADDD Y6, Y0, Y0
	VPMADDWD Y10, Y7, Y12
	VPMADDWD Y11, Y7, Y7
	VPADDD Y12, Y2, Y2
	VPADDD Y7, Y0, Y0
	VPSHUFB Y14, Y5, Y6
	VPSHUFB Y13, Y5, Y7
	VPMADDWD Y8, Y6, Y12
	VPMADDWD Y9, Y6, Y6
	VPADDD Y12, Y3, Y3
	VPADDD Y6, Y1, Y1
	VPMADDWD Y10, Y7, Y12
	VPMADDWD Y11, Y7, Y7
	VPADDD Y12, Y3, Y3
	VPADDD Y7, Y1, Y1
	ADDQ $12, AX
	ADDQ $16, BX
	DECQ R13
	JNZ step

last:
	TESTQ $1, R12
	JZ round
	VMOVDQU (R8)(AX*1), X4
	VMOVDQU (R10)(AX*1), X5
	VINSERTI128 $1, (R9)(AX*1), Y4, Y4
	VINSERTI128 $1, (R11)(AX*1), Y5, Y5
	VPBROADCASTD 0(BX), Y8
	VPBROADCASTD 4(BX), Y9
	VPSHUFB Y14, Y4, Y6
	VPSHUFB Y14, Y5, Y7
	VPMADDWD Y8, Y6, Y12
	VPMADDWD Y9, Y6, Y6
	VPADDD Y12, Y2, Y2
	VPADDD Y6, Y0, Y0
	VPMADDWD Y8, Y7, Y12
	VPMADDWD Y9, Y7, Y7
	VPADDD Y12, Y3, Y3
	VPADDD Y7, Y1, Y1
	ADDQ $8, BX

round:
	VPSLLD $15, Y2, Y2
	VPSLLD $15, Y3, Y3
	VPADDD Y2, Y0, Y0
	VPADDD Y3, Y1, Y1
	VPSRAD $22, Y0, Y0
	VPSRAD $22, Y1, Y1
	VPACKSSDW Y1, Y0, Y0 // rows 0, 2 | 1, 3
	VPACKUSWB Y0, Y0, Y0 // clips to samples
	VEXTRACTI128 $1, Y0, X1
	VPUNPCKLBW X1, X0, X0 // rows 0 and 1 in turns, then 2 and 3
	VMOVQ X0, (DI)
	VPEXTRQ $1, X0, (DX)
	ADDQ $6, DI
	ADDQ $6, DX
	ADDQ $4, SI
	DECQ CX
	JNZ pixel
	VZEROUPPER
	RET

// func downAVX2(out, rows *byte, stride int, coef *int16, pairs, blocks int)
//
// For each block of 32 columns: the samples of two rows in turns, pairs times, stride
// bytes apart, times the coefficients of both rows, are added up and rounded. coef has
// the high parts of two coefficients and their low parts for each pair.
TEXT ·downAVX2(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ coef+24(FP), R8
	MOVQ pairs+32(FP), R9
	MOVQ blocks+40(FP), CX
	VPCMPEQD Y15, Y15, Y15
	VPSRLD $31, Y15, Y15
	VPSLLD $21, Y15, Y15 // a half of the 22 fractional bits

block:
	MOVQ SI, AX
	MOVQ R8, BX
	MOVQ R9, R10
	VMOVDQA Y15, Y0 // low sums of 8 columns each
	VMOVDQA Y15, Y1
	VMOVDQA Y15, Y2
	VMOVDQA Y15, Y3
	VPXOR Y4, Y4, Y4 // high sums
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

pair:
	VPBROADCASTD 0(BX), Y8
	VPBROADCASTD 4(BX), Y9
	VPMOVZXBW 0(AX), Y10
	VPMOVZXBW 16(AX), Y11
	VPMADDWD Y8, Y10, Y12
	VPMADDWD Y9, Y10, Y10
	VPMADDWD Y8, Y11, Y13
	VPMADDWD Y9, Y11, Y11
	VPADDD Y12, Y4, Y4
	VPADDD Y10, Y0, Y0
	VPADDD Y13, Y5, Y5
	VPADDD Y11, Y1, Y1
	VPMOVZXBW 32(AX), Y10
	VPMOVZXBW 48(AX), Y11
	VPMADDWD Y8, Y10, Y12
	VPMADDWD Y9, Y10, Y10
	VPMADDWD Y8, Y11, Y13
	VPMADDWD Y9, Y11, Y11
	VPADDD Y12, Y6, Y6
	VPADDD Y10, Y2, Y2
	VPADDD Y13, Y7, Y7
	VPADDD Y11, Y3, Y3
	ADDQ DX, AX
	ADDQ $8, BX
	DECQ R10
	JNZ pair

	VPSLLD $15, Y4, Y4
	VPSLLD $15, Y5, Y5
	VPSLLD $15, Y6, Y6
	VPSLLD $15, Y7, Y7
	VPADDD Y4, Y0, Y0
	VPADDD Y5, Y1, Y1
	VPADDD Y6, Y2, Y2
	VPADDD Y7, Y3, Y3
	VPSRAD $22, Y0, Y0
	VPSRAD $22, Y1, Y1
	VPSRAD $22, Y2, Y2
	VPSRAD $22, Y3, Y3
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKUSWB Y2, Y0, Y0 // clips to samples
	VMOVDQU ·unpacked<>(SB), Y8
	VPERMD Y0, Y8, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, DI
	ADDQ $64, SI
	DECQ CX
	JNZ block
	VZEROUPPER
	RET
