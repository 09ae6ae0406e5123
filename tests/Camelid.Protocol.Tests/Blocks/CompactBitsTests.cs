using System.Globalization;
using System.Numerics;
using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rule C-12: the compact form of a target.</summary>
[Trait("Rule", "C-12")]
public sealed class CompactBitsTests
{
    /// <summary>Bitcoin's first target, its reference's example, its regtest, and the edges of each length.</summary>
    [Theory]
    [InlineData(0x1d00ffffu, "00ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData(0x1b0404cbu, "0404cb000000000000000000000000000000000000000000000000")]
    [InlineData(0x207fffffu, "7fffff0000000000000000000000000000000000000000000000000000000000")]
    [InlineData(0x1f00ffffu, "ffff00000000000000000000000000000000000000000000000000000000")]
    [InlineData(0x01010000u, "01")]
    [InlineData(0x017f0000u, "7f")]
    [InlineData(0x02008000u, "0080")]
    [InlineData(0x02123400u, "1234")]
    [InlineData(0x03123456u, "123456")]
    [InlineData(0x04123456u, "12345600")]
    [InlineData(0x05009234u, "0092340000")]
    public void Known_bits_have_their_known_target_and_it_has_those_bits(uint bits, string hex)
    {
        BigInteger target = BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.Equal(target, ProofOfWork.Target(bits));
        Assert.Equal(bits, ProofOfWork.BitsOf(target));
    }

    [Theory]
    [InlineData(0x00000000u)]
    [InlineData(0x00123456u)]
    [InlineData(0x01003456u)]
    [InlineData(0x02000056u)]
    [InlineData(0x03000000u)]
    [InlineData(0x20000000u)]
    [InlineData(0x01fedcbau)]
    [InlineData(0x04923456u)]
    [InlineData(0x1d80ffffu)]
    [InlineData(0x21010000u)]
    [InlineData(0x22000100u)]
    [InlineData(0x23000001u)]
    [InlineData(0xff123456u)]
    public void Zero_negative_and_overlong_bits_have_no_target(uint bits)
    {
        Assert.Null(ProofOfWork.Target(bits));
        Assert.Equal(BigInteger.Zero, ProofOfWork.Work(bits));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofOfWork.TargetOf(bits));
    }

    [Fact]
    public void A_target_loses_less_than_one_part_in_32768_and_never_grows()
    {
        Random random = new(12);
        byte[] bytes = new byte[32];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            BigInteger target = (new BigInteger(bytes, isUnsigned: true) >> random.Next(256)) + 1;
            uint bits = ProofOfWork.BitsOf(target);
            BigInteger read = ProofOfWork.TargetOf(bits);
            Assert.True(read <= target && (target - read) << 15 < target, $"{target} became {read}");
            Assert.Equal(bits, ProofOfWork.BitsOf(read));
        }
    }

    /// <summary>One target, several bits: only those that are due are taken.</summary>
    [Fact]
    public void Another_form_of_the_same_target_is_refused()
    {
        const uint due = 0x20000100, other = 0x1f010000;
        Assert.Equal(ProofOfWork.Target(due), ProofOfWork.Target(other));
        Network network = Network.Simulated(other);
        BlockHeader header = network.Genesis.Header with { PreviousHash = network.GenesisHash, Bits = other };
        HeaderContext context = new(network, network.GenesisHash, header.Time - 1, other);
        Assert.Equal(
            RuleCode.Accepted,
            BlockRules.CheckHeader(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, context));
        header = ProofOfWork.TryFind(header with { Bits = due }, 0, uint.MaxValue)!;
        Assert.Equal(RuleCode.WrongBits, BlockRules.CheckHeader(header, context));
        Assert.Equal(other, ProofOfWork.BitsOf(ProofOfWork.TargetOf(due)));
    }

    [Theory]
    [InlineData(0x1f00ffffu, RuleCode.Accepted)]
    [InlineData(0x1f010000u, RuleCode.WrongBits)]
    [InlineData(0x207fffffu, RuleCode.WrongBits)]
    public void Bits_easier_than_the_limit_are_refused_without_context(uint bits, RuleCode expected)
    {
        BlockHeader header = Network.Test.Genesis.Header with { Bits = bits };
        Assert.Equal(
            expected, ProofOfWork.Check(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, Network.Test));
    }
}
