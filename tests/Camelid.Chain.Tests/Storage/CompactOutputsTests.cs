using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Storage;

/// <summary>Rule C-34: the compact set is a dictionary of outputs in every answer, and small.</summary>
public sealed class CompactOutputsTests
{
    private const int BytesPerOutputMax = 150;

    [Fact]
    public void It_answers_as_a_dictionary_does_whatever_is_added_and_removed()
    {
        int seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        CompactOutputs compact = new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()));
        Dictionary<OutPoint, Utxo> plain = [];
        List<OutPoint> points = [];
        for (int i = 0; i < 60_000; i++)
        {
            if (random.Next(100) < 55 || points.Count == 0)
            {
                OutPoint outPoint = points.Count > 0 && random.Next(4) == 0
                    ? points[random.Next(points.Count)] with { Index = (uint)random.Next(3) }
                    : new OutPoint(new Txid(Hash(random)), (uint)random.Next(3));
                Utxo utxo = Any(random);
                Assert.Equal(plain.TryAdd(outPoint, utxo), compact.TryAdd(outPoint, utxo));
                points.Add(outPoint);
            }
            else
            {
                OutPoint outPoint = points[random.Next(points.Count)];
                bool isThere = plain.Remove(outPoint, out Utxo? expected);
                Assert.Equal(isThere, compact.TryRemove(outPoint, out Utxo? removed));
                Assert.Equal(expected?.Encode(), removed?.Encode());
            }
        }

        Assert.Equal(plain.Count, compact.Count);
        Assert.All(points, point =>
        {
            Assert.Equal(plain.TryGetValue(point, out Utxo? expected), compact.TryGet(point, out Utxo? found));
            Assert.Equal(expected?.Encode(), found?.Encode());
        });
        Assert.Equal(plain.Keys.ToHashSet(), compact.All().Select(pair => pair.Key).ToHashSet());
        Assert.All(compact.All(), pair => Assert.Equal(plain[pair.Key].Encode(), pair.Value.Encode()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(Script.BytesMax)]
    public void A_script_of_any_length_comes_back_as_it_was(int length)
    {
        CompactOutputs compact = new(1);
        Utxo utxo = new(new TxOutput(Amount.Grain(Amount.GrainsMax), new Script(new byte[length])), int.MaxValue, true,
            uint.MaxValue, new JobId(Hash(new Random(1))));
        Assert.True(compact.TryAdd(new OutPoint(default, uint.MaxValue), utxo));
        Assert.True(compact.TryGet(new OutPoint(default, uint.MaxValue), out Utxo? found));
        Assert.Equal(utxo.Encode(), found.Encode());
    }

    [Fact]
    public void A_script_that_is_an_address_but_for_one_byte_comes_back_as_it_was()
    {
        byte[] address = new P2pkhScript(Hash160.Of("somebody"u8)).Build().Span.ToArray();
        for (int at = 0; at < address.Length; at++)
        {
            byte[] changed = [.. address];
            changed[at] ^= 1;
            CompactOutputs compact = new(1);
            compact.TryAdd(default, new Utxo(new TxOutput(Amount.Zero, new Script(changed)), 0, false, 0, default));
            Assert.True(compact.TryGet(default, out Utxo? found));
            Assert.Equal(changed, found.Output.Script.Span.ToArray());
        }
    }

    [Fact]
    public void An_address_output_takes_at_most_150_bytes_and_removed_room_is_used_again()
    {
        Random random = new(7);
        CompactOutputs compact = new(7);
        OutPoint[] points = [.. Enumerable.Range(0, 100_000).Select(_ => new OutPoint(new Txid(Hash(random)), 0))];
        foreach (OutPoint point in points)
        {
            compact.TryAdd(point, Address(random));
        }

        long full = compact.ReservedBytes;
        TestContext.Current.SendDiagnosticMessage($"{compact.UsedBytes / points.Length} bytes used per output");
        Assert.InRange(compact.UsedBytes / points.Length, 60, BytesPerOutputMax);
        for (int round = 0; round < 3; round++)
        {
            foreach (OutPoint point in points)
            {
                Assert.True(compact.TryRemove(point, out Utxo? utxo));
                Assert.True(compact.TryAdd(point, utxo));
            }
        }

        Assert.Equal(full, compact.ReservedBytes);
    }

    [Fact]
    public void The_content_hash_does_not_know_the_order_and_knows_every_field()
    {
        Random random = new(3);
        KeyValuePair<OutPoint, Utxo>[] pairs = [.. Enumerable.Range(0, 500)
            .Select(_ => KeyValuePair.Create(new OutPoint(new Txid(Hash(random)), 1), Any(random)))];
        Hash256 expected = HashOf(pairs, 1);
        random.Shuffle(pairs);
        Assert.Equal(expected, HashOf(pairs, 2));
        Assert.NotEqual(expected, HashOf(pairs.Skip(1), 1));
        Utxo utxo = pairs[0].Value;
        Utxo[] others =
        [
            utxo with { Height = utxo.Height + 1 },
            utxo with { BlockTime = utxo.BlockTime ^ 1 },
            utxo with { IsCoinbase = !utxo.IsCoinbase },
            utxo with { JobId = new JobId(Hash(random)) },
            utxo with { Output = new TxOutput(utxo.Output.Value, new Script([1, 2, 3])) },
            utxo with { Output = new TxOutput(Amount.Grain(utxo.Output.Value.Grains + 1), utxo.Output.Script) },
        ];
        Assert.All(others, other =>
            Assert.NotEqual(expected, HashOf([KeyValuePair.Create(pairs[0].Key, other), .. pairs.Skip(1)], 1)));
    }

    private static Hash256 HashOf(IEnumerable<KeyValuePair<OutPoint, Utxo>> pairs, UInt128 salt)
    {
        CompactOutputs compact = new(salt);
        foreach ((OutPoint outPoint, Utxo utxo) in pairs)
        {
            compact.TryAdd(outPoint, utxo);
        }

        return compact.ContentHash();
    }

    private static Utxo Address(Random random) => new(
        new TxOutput(Amount.Grain(random.NextInt64(Amount.GrainsPerCoin * 50)), new P2pkhScript(
            Hash160.FromBytes(Hash(random).ToBytes().AsSpan(0, Hash160.Bytes))).Build()),
        random.Next(1_000_000), false, 1_800_000_000, default);

    private static Utxo Any(Random random)
    {
        if (random.Next(2) == 0)
        {
            return Address(random);
        }

        byte[] script = new byte[random.Next(random.Next(8) == 0 ? 3_000 : 90)];
        random.NextBytes(script);
        return new Utxo(new TxOutput(Amount.Grain(random.NextInt64(Amount.GrainsMax)), new Script(script)),
            random.Next(), random.Next(2) == 0, (uint)random.NextInt64(1L << 32),
            random.Next(3) == 0 ? new JobId(Hash(random)) : default);
    }

    private static Hash256 Hash(Random random)
    {
        byte[] bytes = new byte[Hash256.Bytes];
        random.NextBytes(bytes);
        return Hash256.FromBytes(bytes);
    }
}
