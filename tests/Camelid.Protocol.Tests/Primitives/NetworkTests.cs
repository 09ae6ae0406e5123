using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Primitives;

/// <summary>Rule C-04.</summary>
[Trait("Rule", "C-04")]
public sealed class NetworkTests
{
    public static TheoryData<string> Names => ["main", "test", "regtest"];

    /// <summary>Golden: whoever changes a genesis block changes the network.</summary>
    [Theory]
    [InlineData("main", "00000000125f126e7f9621464b2adaf92bc944464875f0eaca5666b4a43e881b")]
    [InlineData("test", "00006471d6eaa6ca4d6b24f98d26bf9ebd8ca7b3fe4a51115e1f60dd9bfd0d29")]
    [InlineData("regtest", "1f8d1533ba09cc3f154e2b411abd6fac4a78085148a80324923e30ec135d02a3")]
    public void The_genesis_block_is_fixed(string name, string hash)
    {
        Assert.True(Network.TryParse(name, out Network? network));
        Assert.Equal(hash, network.GenesisHash.ToString());
    }

    /// <summary>The hashes that a block costs at first, and at least.</summary>
    [Theory]
    [InlineData("main", 0x1_0001_0001, 0x100_0100, false)]
    [InlineData("test", 0x1_0001, 0x1_0001, false)]
    [InlineData("regtest", 2, 2, true)]
    public void A_network_begins_at_its_target_and_keeps_its_limit(string name, long first, long least, bool isFixed)
    {
        Assert.True(Network.TryParse(name, out Network? network));
        Assert.Equal(first, ProofOfWork.Work(network.GenesisBits));
        Assert.Equal(least, ProofOfWork.Work(network.LimitBits));
        Assert.Equal(isFixed, network.HasFixedDifficulty);
        Assert.Equal(network.GenesisBits, Difficulty.NextBits(network, 0, 0));
        Assert.Equal(60u, network.TargetSpacingSeconds);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_genesis_block_keeps_the_rules_and_pays_nothing(string name)
    {
        Assert.True(Network.TryParse(name, out Network? network));
        Block genesis = network.Genesis;
        Assert.Equal(RuleCode.Accepted, BlockRules.CheckBlock(genesis, network));
        Assert.Equal(RuleCode.Accepted, Coinbase.Check(genesis.Transactions[0], 0, network));
        Assert.All(genesis.Transactions[0].Outputs, output => Assert.Equal(Amount.Zero, output.Value));
        Assert.True(Block.TryDecode(genesis.Encode(), out Block? read));
        Assert.Equal(genesis, read);
    }

    [Fact]
    public void Networks_differ_in_magic_and_genesis_and_main_in_its_address_bytes()
    {
        Network[] all = [Network.Main, Network.Test, Network.Regtest];
        Assert.Equal(3, all.Select(network => network.Magic).Distinct().Count());
        Assert.Equal(3, all.Select(network => network.GenesisHash).Distinct().Count());
        Assert.Equal(3, all.Select(network => network.Genesis.Transactions[0].Txid).Distinct().Count());
        Assert.Equal((0x00, 0x6f, 0x6f), (all[0].AddressVersion, all[1].AddressVersion, all[2].AddressVersion));
        Assert.Equal((0u, 1u, 1u), (all[0].CoinType, all[1].CoinType, all[2].CoinType));
        Assert.Equal((600u, 600u, 10u), (all[0].WindowSeconds, all[1].WindowSeconds, all[2].WindowSeconds));
        Assert.Equal(3, all.Select(network => network.PeerPort).Distinct().Count());
        Assert.Equal((100, 100, 10), (all[0].CoinbaseMaturity, all[1].CoinbaseMaturity, all[2].CoinbaseMaturity));
    }

    [Theory]
    [InlineData("Main")]
    [InlineData("mainnet")]
    [InlineData("")]
    [InlineData(null)]
    public void Another_name_is_no_network(string? name) => Assert.False(Network.TryParse(name, out _));
}
