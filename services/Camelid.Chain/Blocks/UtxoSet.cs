using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Keys;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The unspent outputs of the active chain, with the operator's own ones at hand by purpose and role.
/// </summary>
/// <param name="keys">The operator's keys.</param>
/// <param name="salt">Two random numbers: see <see cref="CompactOutputs"/>.</param>
internal sealed class UtxoSet(OperatorKeys keys, UInt128 salt = default) : IUtxoView
{
    private static readonly IReadOnlyDictionary<OutPoint, Utxo> None = new Dictionary<OutPoint, Utxo>();

    private readonly Dictionary<(OutputKind Kind, KeyRole Role), Dictionary<OutPoint, Utxo>> own = [];
    private CompactOutputs outputs = new(salt);

    /// <summary>Outputs in the set.</summary>
    public int Count => outputs.Count;

    /// <summary>Bytes of memory that the set holds, the operator's own outputs aside.</summary>
    public long ReservedBytes => outputs.ReservedBytes;

    /// <summary>The outputs as records, for a snapshot.</summary>
    public CompactOutputs Compact => outputs;

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo) =>
        outputs.TryGet(outPoint, out utxo);

    /// <summary>All of them, in no order, each made anew: not to be asked for often.</summary>
    public IEnumerable<KeyValuePair<OutPoint, Utxo>> All() => outputs.All();

    /// <summary>The hash of the content, in whatever order it came.</summary>
    public Hash256 ContentHash() => outputs.ContentHash();

    /// <summary>The operator's outputs of one purpose and role.</summary>
    public IReadOnlyDictionary<OutPoint, Utxo> Own(OutputKind kind, KeyRole role) =>
        own.TryGetValue((kind, role), out Dictionary<OutPoint, Utxo>? found) ? found : None;

    /// <summary>Makes changes that a rule has judged.</summary>
    /// <exception cref="UnreachableException">They do not fit to this set.</exception>
    public void Apply(IEnumerable<UtxoChange> changes)
    {
        foreach (UtxoChange change in changes)
        {
            if (change.Before is not null)
            {
                Remove(change.OutPoint);
            }

            if (change.After is not null)
            {
                Add(change.OutPoint, change.After);
            }
        }
    }

    /// <summary>Takes another set in place of this one.</summary>
    public void Replace(CompactOutputs other)
    {
        outputs = other;
        SortOwn();
    }

    /// <summary>Looks through all outputs for the operator's own ones: keys were adopted.</summary>
    public void SortOwn()
    {
        own.Clear();
        foreach ((OutPoint outPoint, Utxo utxo) in outputs.All())
        {
            AddOwn(outPoint, utxo);
        }
    }

    private void Add(OutPoint outPoint, Utxo utxo)
    {
        if (!outputs.TryAdd(outPoint, utxo))
        {
            throw new UnreachableException($"output {outPoint} is in the set already");
        }

        AddOwn(outPoint, utxo);
    }

    private void AddOwn(OutPoint outPoint, Utxo utxo)
    {
        OutputPurpose purpose = OutputPurpose.Of(utxo.Output.Script);
        if (keys.RoleOf(purpose) is { } role)
        {
            if (!own.TryGetValue((purpose.Kind, role), out Dictionary<OutPoint, Utxo>? bucket))
            {
                own[(purpose.Kind, role)] = bucket = [];
            }

            bucket.Add(outPoint, utxo);
        }
    }

    private void Remove(OutPoint outPoint)
    {
        if (!outputs.TryRemove(outPoint, out Utxo? utxo))
        {
            throw new UnreachableException($"output {outPoint} is not in the set");
        }

        OutputPurpose purpose = OutputPurpose.Of(utxo.Output.Script);
        if (keys.RoleOf(purpose) is { } role)
        {
            own[(purpose.Kind, role)].Remove(outPoint);
        }
    }
}
