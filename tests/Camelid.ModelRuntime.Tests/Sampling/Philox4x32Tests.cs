using System.Runtime.Intrinsics.X86;
using Camelid.ModelRuntime.Sampling;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>Rule S-13.</summary>
public sealed class Philox4x32Tests
{
    /// <summary>Known answers of Random123 (kat_vectors, philox4x32 10).</summary>
    [Theory]
    [InlineData(0UL, 0u, 0u, 0u, 0u, "6627e8d5e169c58dbc57ac4c9b00dbd8")]
    [InlineData(0xffffffffffffffffUL, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        "408f276d41c83b0ea20bc7c66d5451fd")]
    [InlineData(0x299f31d0a4093822UL, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u,
        "d16cfe0994fdcceb5001e42024126ea1")]
    public void The_known_answers_of_Random123_come_out(ulong key, uint x0, uint x1, uint x2, uint x3, string expected)
    {
        PhiloxWords words = Philox4x32.At(key, new PhiloxWords(x0, x1, x2, x3));
        Assert.Equal(expected, $"{words.X0:x8}{words.X1:x8}{words.X2:x8}{words.X3:x8}");
    }

    [Fact]
    public void Each_token_and_each_position_has_bits_of_its_own()
    {
        HashSet<uint> seen = [];
        for (uint position = 0; position < 16; position++)
        {
            for (uint token = 0; token < 64; token++)
            {
                Assert.True(seen.Add(Philox4x32.Bits(7, position, token)));
            }
        }
    }

    [Theory]
    [InlineData(0UL, 0u, 0u)]
    [InlineData(0xfedcba9876543210UL, 4_294_967_295u, 4_194_176u)]
    [InlineData(0x0000000100000000UL, 17u, 128u)]
    public void Blocks_of_every_width_have_the_bits_of_single_tokens(ulong key, uint position, uint firstToken)
    {
        uint[] expected = [.. Enumerable.Range(0, 128)
            .Select(i => Philox4x32.Bits(key, position, firstToken + (uint)i))];
        uint[] bits = new uint[expected.Length];
        PhiloxBlock.FillScalar(key, position, firstToken, bits);
        Assert.Equal(expected, bits);
        if (Avx2.IsSupported)
        {
            Array.Clear(bits);
            PhiloxBlock.Fill256(key, position, firstToken, bits);
            Assert.Equal(expected, bits);
        }

        if (Avx512F.IsSupported)
        {
            Array.Clear(bits);
            PhiloxBlock.Fill512(key, position, firstToken, bits);
            Assert.Equal(expected, bits);
        }
    }
}
