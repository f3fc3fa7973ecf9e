#include "textflag.h"

// Where the bytes of four pixels go that come as four of R, four of G and four of B.
DATA ·interleave+0(SB)/8, $0x0602090501080400
DATA ·interleave+8(SB)/8, $0x808080800b07030a
GLOBL ·interleave(SB), RODATA|NOPTR, $16

// func convertAVX2(out, light, blue, red *byte, n int)
//
// convertPlain for n pixels, a multiple of eight. It writes four bytes behind them.
TEXT ·convertAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ light+8(FP), SI
	MOVQ blue+16(FP), R8
	MOVQ red+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTI128 ·interleave(SB), Y15
	MOVL $128, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVL $32768, AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVL $91881, AX // crToRed
	VMOVD AX, X12
	VPBROADCASTD X12, Y12
	MOVL $116130, AX // cbToBlue
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	MOVL $46802, AX // crToGreen
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL $22554, AX // cbToGreen
	VMOVD AX, X9
	VPBROADCASTD X9, Y9
	XORQ BX, BX

pixels:
	CMPQ BX, CX
	JGE done
	VPMOVZXBD (SI)(BX*1), Y0
	VPMOVZXBD (R8)(BX*1), Y1
	VPMOVZXBD (R9)(BX*1), Y2
	VPSUBD Y14, Y1, Y1
	VPSUBD Y14, Y2, Y2
	VPMULLD Y12, Y2, Y3
	VPADDD Y13, Y3, Y3
	VPSRAD $16, Y3, Y3
	VPADDD Y0, Y3, Y3 // red
	VPMULLD Y11, Y1, Y4
	VPADDD Y13, Y4, Y4
	VPSRAD $16, Y4, Y4
	VPADDD Y0, Y4, Y4 // blue
	VPMULLD Y9, Y1, Y1
	VPMULLD Y10, Y2, Y2
	VPSUBD Y1, Y13, Y5
	VPSUBD Y2, Y5, Y5
	VPSRAD $16, Y5, Y5
	VPADDD Y0, Y5, Y5 // green
	VPACKSSDW Y5, Y3, Y3
	VPACKSSDW Y4, Y4, Y4
	VPACKUSWB Y4, Y3, Y3
	VPSHUFB Y15, Y3, Y3
	VMOVDQU X3, (DI)
	VEXTRACTI128 $1, Y3, X3
	VMOVDQU X3, 12(DI)
	ADDQ $24, DI
	ADDQ $8, BX
	JMP pixels

done:
	VZEROUPPER
	RET
