using Camelid.Chain.Keys;
using Camelid.Chain.Mining;
using Camelid.Chain.Mining.Hashing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rules M-31 and M-35: when a template is made anew, and of what.</summary>
public sealed class TemplateSourceTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-template").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    private IBlockTemplateSource Source => chain.Templates;

    public async ValueTask InitializeAsync()
    {
        chain = await ChainHost.StartAsync(folder, time, "Chain:FundClient=false");
        await MineAsync(15);
    }

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    [Trait("Rule", "M-31")]
    public void A_template_stays_while_nothing_changes_and_is_made_anew_at_its_age()
    {
        MiningTemplate first = Source.Current();
        Assert.Equal((chain.Tip.Hash, chain.Tip.Height + 1), (first.PreviousHash, first.Height));
        Assert.Equal(0, first.TransactionCount);
        time.Advance(29.9);
        Assert.Same(first, Source.Current());
        time.Advance(0.1);
        Assert.NotSame(first, Source.Current());
    }

    [Fact]
    [Trait("Rule", "M-31")]
    public async Task Another_tip_makes_another_template_at_once()
    {
        MiningTemplate first = Source.Current();
        await MineAsync(1);
        MiningTemplate second = Source.Current();
        Assert.Equal((first.Height + 1, chain.Tip.Hash), (second.Height, second.PreviousHash));
    }

    [Fact]
    [Trait("Rule", "M-31")]
    public void Transactions_that_pay_more_are_taken_after_two_seconds()
    {
        MiningTemplate first = Source.Current();
        Send(fee: 5_000);
        time.Advance(1.9);
        Assert.Same(first, Source.Current());
        time.Advance(0.1);
        MiningTemplate second = Source.Current();
        Assert.Equal((1, 5_000L), (second.TransactionCount, second.FeeGrains));
        time.Advance(2);
        Assert.Same(second, Source.Current());
        Send(fee: 7_000);
        Assert.Equal((2, 12_000L), (Source.Current().TransactionCount, Source.Current().FeeGrains));
    }

    [Fact]
    [Trait("Rule", "M-35")]
    public async Task After_a_refused_block_templates_are_empty_until_the_tip_changes()
    {
        Send(fee: 5_000);
        MiningTemplate first = Source.Current();
        Assert.Equal(1, first.TransactionCount);
        Source.Refuse(first);
        Assert.Equal((0, 0L), (Source.Current().TransactionCount, Source.Current().FeeGrains));
        time.Advance(31);
        Assert.Equal(0, Source.Current().TransactionCount);
        Block empty = new MiningWalk(new PlatformSearch(), 1)
            .Step(Source.Current(), time.UnixSeconds, 1_000).Found!;
        Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(empty, TestContext.Current.CancellationToken));
        Assert.Equal(1, Source.Current().TransactionCount);
    }

    private async Task MineAsync(int count) =>
        await chain.Chain.Mine(new MineRequest { Count = count }, new CallContext());

    /// <summary>Spends a mature coin of the miner.</summary>
    private void Send(long fee)
    {
        RoleKey miner = chain.State.Keys[KeyRole.Miner];
        KeyValuePair<OutPoint, Utxo> coin = chain.State.Read(reading => reading.Outputs.All()
            .Where(pair => pair.Value.IsCoinbase && pair.Value.Output.Script == miner.Address.ToScript()
                && pair.Value.Height + 10 <= reading.Tip.Height)
            .OrderBy(pair => pair.Value.Height).ToArray()).First(pair => !chain.Pool.Spends(pair.Key));
        TxOutput output = coin.Value.Output with { Value = Amount.Grain(coin.Value.Output.Value.Grains - fee) };
        Transaction transaction = Transaction.Create(
            2, [new TxInput(coin.Key, Script.Empty, TxInput.SequenceFinal)], [output], 0, default);
        byte[] signature = SignatureHash.Sign(
            transaction, 0, coin.Value.Output.Script, miner.Private, chain.State.Curve);
        transaction = transaction.WithScript(0, P2pkhScript.Unlock(signature, miner.Public));
        Assert.True(chain.Pool.Accept(transaction, null).IsAccepted);
    }
}
