using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rule C-21: which refusal a block gets where several scripts refuse it.</summary>
[Trait("Rule", "C-21")]
public sealed class ScriptOrderTests
{
    private static readonly Script Mine = Samples.P2pkh(Samples.Client);

    [Fact]
    public void The_first_script_in_the_order_of_the_block_decides()
    {
        TestChain chain = Funded();
        TransactionWithFee empty = With(Pay(chain, 0), Script.Empty);
        TransactionWithFee open = With(Pay(chain, 1), new Script([0x02]));
        Assert.Equal(RuleCode.ScriptStackEmpty, chain.Mine(Mine, empty, open).Code);
        Assert.Equal(RuleCode.ScriptTruncatedPush, chain.Mine(Mine, open, empty).Code);
        Assert.Equal(RuleCode.ScriptTruncatedPush, chain.Mine(Mine, Pay(chain, 2), open).Code);
        Assert.Equal(RuleCode.Accepted, chain.Mine(Mine, Pay(chain, 0), Pay(chain, 1)).Code);
    }

    [Fact]
    public void What_is_refused_without_scripts_is_refused_first()
    {
        TestChain chain = Funded();
        TransactionWithFee badScript = With(Pay(chain, 0), Script.Empty);
        Assert.Equal(RuleCode.MissingInput, chain.Mine(Mine, badScript, Pay(chain, 1), Pay(chain, 1, 2000)).Code);
        Block block = chain.Build(Mine, 0, badScript);
        Transaction coinbase = block.Transactions[0];
        TxOutput claim = coinbase.Outputs[0] with { Value = Amount.Grain(coinbase.Outputs[0].Value.Grains + 1) };
        Transaction greedy = Transaction.Create(1, coinbase.Inputs, [claim], 0, default);
        Block claimed = TestChain.Seal(block.Header, [greedy, badScript.Transaction]);
        Assert.Equal(RuleCode.CoinbaseClaimsTooMuch, chain.Connect(claimed).Code);
        Assert.Equal(RuleCode.ScriptStackEmpty, chain.Connect(block).Code);
    }

    private static TransactionWithFee With(TransactionWithFee spend, Script unlock) =>
        spend with { Transaction = spend.Transaction.WithScript(0, unlock) };

    private static TestChain Funded()
    {
        TestChain chain = new(Samples.Curve);
        chain.MineMany(Mine, 15);
        return chain;
    }

    private static TransactionWithFee Pay(TestChain chain, int which, long fee = 1000)
    {
        KeyValuePair<OutPoint, Utxo> coin = chain.Utxos.OrderBy(pair => pair.Value.Height).ElementAt(which);
        TxOutput output = coin.Value.Output with { Value = Amount.Grain(coin.Value.Output.Value.Grains - fee) };
        return new TransactionWithFee(Samples.Spend([coin.Key], [output], Samples.Client), Amount.Grain(fee));
    }
}
