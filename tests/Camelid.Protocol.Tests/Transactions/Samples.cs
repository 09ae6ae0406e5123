using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;

namespace Camelid.Protocol.Tests.Transactions;

/// <summary>Values for tests, each drawn from a seed.</summary>
internal static class Samples
{
    public static ISecp256k1 Curve { get; } = Secp256k1Provider.Create();

    public static PrivateKey Client { get; } = Key(1);

    public static PrivateKey Worker { get; } = Key(2);

    public static JobId Job { get; } = new(Hashes.Sha256("job"u8));

    public static PrivateKey Key(byte number) => PrivateKey.FromBytes([.. new byte[31], number], Curve)!;

    public static PublicKey Public(PrivateKey key) => Curve.PublicKeyOf(key);

    public static Script P2pkh(PrivateKey key) => P2pkhScript.Of(Public(key)).Build();

    public static Transaction Transaction(int seed)
    {
        Random random = new(seed);
        TxInput[] inputs = [.. Enumerable.Range(0, random.Next(4)).Select(_ =>
            new TxInput(OutPoint(random), Script(random), (uint)random.NextInt64(1L << 32)))];
        TxOutput[] outputs = [.. Enumerable.Range(0, random.Next(4)).Select(_ =>
            new TxOutput(Amount.Grain(random.NextInt64(Amount.GrainsMax + 1)), Script(random)))];
        JobId job = random.Next(2) == 0 ? default : new JobId(Hash(random));
        return Protocol.Transactions.Transaction.Create(
            random.Next(), inputs, outputs, (uint)random.NextInt64(1L << 32), job);
    }

    public static Utxo Utxo(int seed)
    {
        Random random = new(seed);
        TxOutput output = new(Amount.Grain(random.NextInt64(Amount.GrainsMax + 1)), Script(random));
        return new Utxo(output, random.Next(), random.Next(2) == 1, (uint)random.Next(), new JobId(Hash(random)));
    }

    public static OutPoint OutPoint(Random random) => new(new Txid(Hash(random)), (uint)random.Next());

    public static Hash256 Hash(Random random)
    {
        byte[] bytes = new byte[Hash256.Bytes];
        random.NextBytes(bytes);
        return Hash256.FromBytes(bytes);
    }

    /// <summary>Spends outputs of one key's P2PKH script.</summary>
    public static Transaction Spend(
        IReadOnlyList<OutPoint> previous, IReadOnlyList<TxOutput> outputs, PrivateKey key, uint lockTime = 0)
    {
        uint sequence = lockTime == 0 ? TxInput.SequenceFinal : TxInput.SequenceLocked;
        Transaction transaction = Protocol.Transactions.Transaction.Create(
            2,
            previous.Select(outPoint => new TxInput(outPoint, Protocol.Scripts.Script.Empty, sequence)),
            outputs,
            lockTime,
            default);
        for (int i = 0; i < previous.Count; i++)
        {
            byte[] signature = SignatureHash.Sign(transaction, i, P2pkh(key), key, Curve);
            transaction = transaction.WithScript(i, P2pkhScript.Unlock(signature, Public(key)));
        }

        return transaction;
    }

    private static Script Script(Random random)
    {
        byte[] bytes = new byte[random.Next(300)];
        random.NextBytes(bytes);
        return new Script(bytes);
    }
}
