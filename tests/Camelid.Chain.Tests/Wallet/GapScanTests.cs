using Camelid.Chain.Keys;
using Camelid.Chain.Wallet;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rule W-08: the walk along a chain of addresses.</summary>
public sealed class GapScanTests
{
    /// <summary>Which addresses are found, by which were paid to: at the limit and one either side.</summary>
    [Theory]
    [Trait("Rule", "W-08")]
    [InlineData("", 0)]
    [InlineData("0", 1)]
    [InlineData("18", 19)]
    [InlineData("19", 20)]
    [InlineData("20", 0)]
    [InlineData("0 20", 21)]
    [InlineData("0 21", 1)]
    [InlineData("19 39 59", 60)]
    [InlineData("19 40", 20)]
    [InlineData("3 2 1", 4)]
    public async Task A_chain_is_walked_until_twenty_addresses_in_a_row_are_unused(string paid, int end)
    {
        HashSet<Hash160> used = [.. paid.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(index => HashOf(uint.Parse(index, null)))];
        AddressRun run = new(KeyRole.Client, AddressChain.Change);
        await GapScan.RunAsync([run], place => HashOf(place.Index), AskAsync);
        Assert.Equal(end, run.UsedEnd);
        Assert.Equal(end + GapScan.Limit, run.Hashes.Count);

        Task<IReadOnlySet<Hash160>> AskAsync(IReadOnlyCollection<Hash160> hashes) =>
            Task.FromResult<IReadOnlySet<Hash160>>(hashes.Where(used.Contains).ToHashSet());
    }

    [Fact]
    [Trait("Rule", "W-08")]
    public async Task What_was_found_stays_and_only_the_gap_is_asked_about_again()
    {
        AddressRun run = new(KeyRole.Client, AddressChain.Receive);
        await GapScan.RunAsync([run], place => HashOf(place.Index), Answer(HashOf(4)));
        int asked = 0;
        await GapScan.RunAsync([run], place => HashOf(place.Index), hashes =>
        {
            asked += hashes.Count;
            return Answer()(hashes);
        });
        Assert.Equal((5, GapScan.Limit), (run.UsedEnd, asked));
    }

    /// <summary>BIP44 in words: m / purpose' / coin type' / account' / change / address index.</summary>
    [Fact]
    [Trait("Rule", "W-08")]
    public void The_key_of_a_place_is_that_of_its_path_on_both_chains()
    {
        ISecp256k1 curve = Secp256k1Provider.Create();
        KeySecret secret = KeySecret.OfSeed(Enumerable.Repeat((byte)7, 64).ToArray());
        KeyRing ring = KeyRing.Of(secret, Network.Main, curve);
        foreach (KeyPlace place in new KeyPlace[]
        {
            new(KeyRole.Client, AddressChain.Receive, 0), new(KeyRole.Client, AddressChain.Change, 19),
            new(KeyRole.Miner, AddressChain.Receive, 7),
        })
        {
            ExtendedKey key = ExtendedKey.FromSeed(secret.Seed, curve).DerivePath(place.PathOn(Network.Main), curve);
            Assert.Equal(curve.PublicKeyOf(key.Key), ring.KeyAt(place));
        }

        Assert.Equal("m/44'/0'/0'/1/19", new KeyPlace(KeyRole.Client, AddressChain.Change, 19).PathOn(Network.Main));
    }

    private static Hash160 HashOf(uint index) => Hash160.Of(BitConverter.GetBytes(index));

    private static Func<IReadOnlyCollection<Hash160>, Task<IReadOnlySet<Hash160>>> Answer(params Hash160[] used) =>
        hashes => Task.FromResult<IReadOnlySet<Hash160>>(hashes.Intersect(used).ToHashSet());
}
