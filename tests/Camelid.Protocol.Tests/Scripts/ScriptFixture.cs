using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>One spend of one output, with everything in order; tests change one thing each.</summary>
internal sealed record ScriptFixture
{
    public const uint Now = 1_800_000_000;
    public const long SpentGrains = 10 * Amount.GrainsPerCoin;

    public required Script Locking { get; init; }

    public IReadOnlyList<TxOutput> Outputs { get; init; } =
        [new(Amount.Grain(SpentGrains - 1000), Samples.P2pkh(Samples.Client))];

    public uint LockTime { get; init; }

    public uint Sequence { get; init; } = TxInput.SequenceLocked;

    public JobId JobId { get; init; }

    public int InputCount { get; init; } = 1;

    public int SpentHeight { get; init; } = 50;

    public SpendContext Block { get; init; } = new(100, Now, Now - 360, Network.Regtest, Samples.Curve);

    public SignatureHashType Type { get; init; } = SignatureHashType.All;

    public Transaction Unsigned => Transaction.Create(
        2,
        Enumerable.Range(0, InputCount).Select(i => new TxInput(
            new OutPoint(new Txid(Hashes.Sha256("spent"u8)), (uint)i), Script.Empty, Sequence)),
        Outputs,
        LockTime,
        JobId);

    public byte[] Sign(PrivateKey key)
    {
        Hash256 digest = SignatureHash.Compute(Unsigned, 0, Locking, Type);
        return [.. Samples.Curve.Sign(key, digest), (byte)Type];
    }

    public ScriptOutcome Run(Script unlocking)
    {
        ScriptContext context = new()
        {
            Transaction = Unsigned.WithScript(0, unlocking),
            InputIndex = 0,
            Spent = new Utxo(new TxOutput(Amount.Grain(SpentGrains), Locking), SpentHeight, false, Now - 600, default),
            Block = Block,
        };
        return ScriptInterpreter.Verify(unlocking, Locking, context);
    }

    public RuleCode Code(Script unlocking) => Run(unlocking).Code;
}
