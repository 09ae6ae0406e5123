using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Who says that it has a model.</summary>
internal interface IHolderDirectory
{
    /// <summary>Addresses of a model's holders, at most 64; none where nobody is known.</summary>
    Task<IReadOnlyList<HolderAddress>> FindAsync(Hash256 root, CancellationToken cancellation);
}
