namespace Camelid.Chain.Peers;

/// <summary>Where the engine keeps small files: addresses, anchors, bans. None is missed when it is lost.</summary>
internal interface IPeerStore
{
    /// <summary>The bytes of a file; null where it is absent or cannot be read.</summary>
    /// <param name="name">A plain file name.</param>
    byte[]? Read(string name);

    /// <summary>Puts a file in the place of the one before, wholly or not at all.</summary>
    /// <param name="name">A plain file name.</param>
    /// <param name="bytes">What it holds.</param>
    void Write(string name, byte[] bytes);
}
