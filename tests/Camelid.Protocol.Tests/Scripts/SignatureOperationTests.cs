using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>Rules C-06 and C-20: how signature operations are counted, and how many may be spent.</summary>
public sealed class SignatureOperationTests
{
    [Theory]
    [Trait("Rule", "C-06")]
    [InlineData("ac", 1, 1)]
    [InlineData("adac", 2, 2)]
    [InlineData("ae", 20, 20)]
    [InlineData("53ae", 20, 3)]
    [InlineData("60af", 20, 16)]
    [InlineData("00ae", 20, 20)]
    [InlineData("0111ae", 20, 20)]
    [InlineData("02acac", 0, 0)]
    [InlineData("03acac", 0, 0)]
    [InlineData("0063ac68", 1, 1)]
    public void Many_keys_count_as_twenty_or_as_said(string hex, int held, int spent)
    {
        Assert.True(Script.TryParse(hex, out Script script));
        Assert.Equal(held, script.SignatureOperationCount());
        Assert.Equal(spent, script.SignatureOperationCountExact());
    }

    [Theory]
    [Trait("Rule", "C-20")]
    [InlineData(125, RuleCode.Accepted)]
    [InlineData(126, RuleCode.TooManySignatureOperations)]
    public void A_transaction_spends_at_most_2500_signature_operations(int inputs, RuleCode expected)
    {
        Script twenty = new([(byte)Opcode.CheckMultiSig]);
        Coins coins = new(new Utxo(new TxOutput(Amount.Grain(5), twenty), 1, false, 0, default));
        Transaction spend = Transaction.Create(
            1,
            Enumerable.Range(0, inputs).Select(i =>
                new TxInput(new OutPoint(default, (uint)i), Script.Empty, TxInput.SequenceFinal)),
            [new TxOutput(Amount.Zero, Script.Empty)],
            0,
            default);
        SpendContext context = new(100, 1, 1, Network.Regtest, Samples.Curve);
        SpendResult result = TransactionRules.CheckCoins(spend, context, coins);
        Assert.Equal(expected, result.Code);
        Assert.Equal(expected == RuleCode.Accepted ? inputs * 20 : 0, result.SpentSignatureOperations);
    }

    private sealed class Coins(Utxo every) : IUtxoView
    {
        public bool TryGet(
            OutPoint outPoint, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Utxo? utxo)
        {
            utxo = every;
            return true;
        }
    }
}
