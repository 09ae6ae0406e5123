using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Addresses;
using Camelid.Protocol.Tests.Peers;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// The files of addresses and anchors, with the checksum put right: one byte that chooses the file, then its content. A
/// book that is read works: it is told of addresses, draws, decides, and is written again.
/// </summary>
internal sealed class AddressFileTarget : IFuzzTarget
{
    private const byte Book = 1;
    private const byte Anchors = 2;
    private const uint Now = PeerSamples.Now;

    /// <inheritdoc/>
    public string Name => "address-file";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["AddressFile.Decode", "AnchorFile.Decode"];

    /// <summary>The tables of two books, 0.7 MB each, whatever the file holds.</summary>
    public FuzzAllowance Allowance => new(4 << 20, 512);

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples()
    {
        AddressBook book = new(new byte[AddressBook.SecretBytes], Network.Regtest);
        Random random = new(1);
        PeerAddress[] addresses = [.. Enumerable.Range(1, 20).Select(i => PeerSamples.Address($"8.{i}.8.8:{i}"))];
        book.Heard(
            addresses.Select(address => new AddressEntry(address, Now, 0, PeerStatus.Heard, default)),
            addresses[0], Now, random);
        book.Reached(addresses[3], PeerServices.Blocks, PeerSamples.Id(3), Now);
        book.Reached(addresses[4], PeerServices.Blocks, PeerSamples.Id(4), Now);
        byte[] anchors = AnchorFile.Encode(addresses[..3], Network.Regtest);
        return [[Book, .. Content(AddressFile.Encode(book))], [Anchors, .. Content(anchors)]];
    }

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (input.Length == 0)
        {
            return false;
        }

        byte[] file = PeerFile.Seal(input[0], Network.Regtest, input[1..]);
        RuleCode code = AnchorFile.Decode(file, Network.Regtest, out IReadOnlyList<PeerAddress> anchors);
        if (code == RuleCode.Accepted)
        {
            FuzzFault.Require(AnchorFile.Encode(anchors, Network.Regtest).SequenceEqual(file), "not written again");
            return true;
        }

        if (AddressFile.Decode(file, Network.Regtest, out AddressBook? book) != RuleCode.Accepted)
        {
            FuzzFault.Require(book is null, "a refused file gave a book");
            return false;
        }

        FuzzFault.Require(AddressFile.Encode(book!).SequenceEqual(file), "not written again");
        Live(book!);
        byte[] later = AddressFile.Encode(book!);
        FuzzFault.Require(
            AddressFile.Decode(later, Network.Regtest, out AddressBook? again) == RuleCode.Accepted
                && AddressFile.Encode(again!).SequenceEqual(later),
            "a book that lived is not read again");
        return true;
    }

    private static void Live(AddressBook book)
    {
        Random random = new(book.Count);
        for (int i = 0; i < 8; i++)
        {
            PeerAddress address = PeerSamples.Address($"9.9.{i}.1:1");
            book.Heard([new AddressEntry(address, Now, 0, PeerStatus.Heard, default)], address, Now, random);
            if (book.Select(untried: i % 2 == 0, Now, random) is { } drawn)
            {
                book.Attempted(drawn.Address, Now, countsAsFailure: true);
                book.Reached(drawn.Address, drawn.Services, drawn.Node, Now);
            }

            book.Contested(random);
            book.Settle(Now + 100);
        }

        FuzzFault.Require(book.Sample(10, Now, random).Count <= 10, "a sample above its bound");
        FuzzFault.Require(book.Count <= AddressBook.EntriesMax && book.TriedCount <= book.Count, "counts disagree");
    }

    private static byte[] Content(byte[] file) => file[5..^Hash256.Bytes];
}
