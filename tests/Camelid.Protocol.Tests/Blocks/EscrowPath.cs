using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>A deposit on a chain, and what can become of it: payment, claim, refund.</summary>
internal sealed class EscrowPath
{
    private const long FeeGrains = 1000;
    private const long DepositGrains = (50 * Amount.GrainsPerCoin) - FeeGrains;
    private const long PaidGrains = 5 * Amount.GrainsPerCoin;

    private static readonly byte[] Secret = Hashes.Sha256("k"u8).ToBytes();
    private static readonly PublicKey ClientKey = Samples.Public(Samples.Client);

    private readonly TestChain chain;
    private readonly DepositScript deposit;
    private readonly OutPoint depositOutPoint;
    private PaymentScript payment;

    public EscrowPath(TestChain chain)
    {
        this.chain = chain;
        deposit = new DepositScript(chain.Tip.Header.Time + 100_000, ClientKey);
        OutPoint coin = chain.Utxos.MinBy(pair => pair.Value.Height).Key;
        TxOutput output = new(Amount.Grain(DepositGrains), deposit.Build());
        Transaction funding = Samples.Spend([coin], [output], Samples.Client);
        Assert.Equal(RuleCode.Accepted, MineOne(funding).Code);
        depositOutPoint = new OutPoint(funding.Txid, 0);
    }

    public Transaction? Payment { get; private set; }

    public ConnectResult Pay(uint lockTime)
    {
        uint refund = lockTime + (CheckJob.RefundWindowsMin * Network.Regtest.WindowSeconds);
        payment = new PaymentScript(
            Hashes.Sha256("testament"u8), Hashes.Hash160(Secret), Samples.Public(Samples.Worker), refund, ClientKey);
        Transaction unsigned = Transaction.Create(
            2,
            [new TxInput(depositOutPoint, Script.Empty, TxInput.SequenceLocked)],
            [
                new TxOutput(Amount.Grain(PaidGrains), payment.Build()),
                new TxOutput(Amount.Grain(DepositGrains - PaidGrains - FeeGrains), deposit.Build()),
            ],
            lockTime,
            Samples.Job);
        byte[] signature = SignatureHash.Sign(unsigned, 0, deposit.Build(), Samples.Client, Samples.Curve);
        Payment = unsigned.WithScript(0, DepositScript.UnlockJob(signature));
        return MineOne(Payment);
    }

    public ConnectResult Claim()
    {
        Transaction unsigned = Spend(Samples.P2pkh(Samples.Worker), 0);
        byte[] signature = SignatureHash.Sign(unsigned, 0, payment.Build(), Samples.Worker, Samples.Curve);
        return MineOne(unsigned.WithScript(0, PaymentScript.UnlockClaim(signature, Secret)));
    }

    public ConnectResult Refund()
    {
        Transaction unsigned = Spend(Samples.P2pkh(Samples.Client), payment.RefundTime);
        byte[] signature = SignatureHash.Sign(unsigned, 0, payment.Build(), Samples.Client, Samples.Curve);
        return MineOne(unsigned.WithScript(0, PaymentScript.UnlockRefund(signature)));
    }

    private Transaction Spend(Script payee, uint lockTime) => Transaction.Create(
        2,
        [new TxInput(new OutPoint(Payment!.Txid, 0), Script.Empty, TxInput.SequenceLocked)],
        [new TxOutput(Amount.Grain(PaidGrains - FeeGrains), payee)],
        lockTime,
        Samples.Job);

    private ConnectResult MineOne(Transaction transaction) =>
        chain.Mine(Samples.P2pkh(Samples.Client), new TransactionWithFee(transaction, Amount.Grain(FeeGrains)));
}
