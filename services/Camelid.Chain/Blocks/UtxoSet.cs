using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Keys;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The unspent outputs of the active chain, with the operator's own ones at hand by purpose and role.
/// </summary>
internal sealed class UtxoSet(OperatorKeys keys) : IUtxoView
{
    private static readonly IReadOnlyDictionary<OutPoint, Utxo> None = new Dictionary<OutPoint, Utxo>();

    private readonly Dictionary<OutPoint, Utxo> outputs = [];
    private readonly Dictionary<(OutputKind Kind, KeyRole Role), Dictionary<OutPoint, Utxo>> own = [];

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<OutPoint, Utxo> All => outputs;

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo) =>
        outputs.TryGetValue(outPoint, out utxo);

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

    private void Add(OutPoint outPoint, Utxo utxo)
    {
        if (!outputs.TryAdd(outPoint, utxo))
        {
            throw new UnreachableException($"output {outPoint} is in the set already");
        }

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
        if (!outputs.Remove(outPoint, out Utxo? utxo))
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
