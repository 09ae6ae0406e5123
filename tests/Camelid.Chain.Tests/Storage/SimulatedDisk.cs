using Camelid.Chain.Storage;

namespace Camelid.Chain.Tests.Storage;

/// <summary>How often a simulated disk fails, each a chance between 0 and 1, and how much it holds.</summary>
internal sealed record DiskFaults
{
    /// <summary>A disk that fails only where its power is cut.</summary>
    public static DiskFaults None { get; } = new();

    /// <summary>A flush that returns and has done nothing.</summary>
    public double LyingFlush { get; init; }

    /// <summary>A flush that throws and has done nothing.</summary>
    public double FailedFlush { get; init; }

    /// <summary>A write of which a part is written, then there is no room: the part may be nothing.</summary>
    public double NoRoom { get; init; }

    /// <summary>A read that throws.</summary>
    public double FailedRead { get; init; }

    /// <summary>A read that gives less than was asked for, but at least one byte.</summary>
    public double ShortRead { get; init; }

    /// <summary>Bytes in all files beyond which there is no room.</summary>
    public long CapacityBytes { get; init; } = long.MaxValue;
}

/// <summary>The process ended at this call: only a test catches it.</summary>
internal sealed class PowerCutException() : Exception("the power was cut");

/// <summary>
/// A disk in memory that fails as disks do, by a seed. What was not flushed is lost in parts when the power is cut:
/// nothing of a file's writes, all, a prefix with a torn end, or any of their 512-byte sectors; of changes of names,
/// which file systems keep in order, a prefix.
/// </summary>
internal sealed class SimulatedDisk(int seed) : IStorageFolder
{
    private readonly Random random = new(seed);
    private readonly List<Action<Dictionary<string, SimulatedFile>>> changedNames = [];
    private Dictionary<string, SimulatedFile> durableNames = new(StringComparer.Ordinal);
    private Dictionary<string, SimulatedFile> names = new(StringComparer.Ordinal);
    private int operationsLeft = int.MaxValue;

    /// <summary>How it fails from here on.</summary>
    public DiskFaults Faults { get; set; } = DiskFaults.None;

    /// <summary>Calls that changed something, or should have made something durable.</summary>
    public long Operations { get; private set; }

    /// <summary>Calls of a file's flush that were made, lies included.</summary>
    public long FileFlushes { get; private set; }

    /// <summary>Bytes in all files.</summary>
    public long UsedBytes => names.Values.Sum(file => file.Content.Length);

    /// <summary>Raised by <see cref="CutPower"/>: handles of before are dead.</summary>
    internal int Boot { get; private set; }

    /// <summary>Lets so many more operations pass, and cuts the power in the middle of the next.</summary>
    public void CutPowerAfter(int operations) => operationsLeft = operations;

    /// <summary>Cuts the power, and turns it on again: what is left is what a file system may find.</summary>
    public void CutPower()
    {
        foreach (Action<Dictionary<string, SimulatedFile>> change in
            changedNames.Take(random.Next(changedNames.Count + 1)))
        {
            change(durableNames);
        }

        foreach (SimulatedFile file in durableNames.Values)
        {
            file.LosePower(random);
        }

        Restart();
    }

    /// <summary>Ends the process without cutting the power: the operating system keeps what it was given.</summary>
    public void Kill()
    {
        operationsLeft = int.MaxValue;
        Boot++;
    }

    /// <summary>Turns one bit of a file around, as a worn-out disk does.</summary>
    public void FlipBit(string name, long offset, int bit) => names[name].Flip(offset, bit);

    /// <summary>The bytes of a file as they are now.</summary>
    public byte[] Contents(string name) => names[name].Content.ToArray();

    /// <summary>Lays a file down as if it had always been there.</summary>
    public void Put(string name, ReadOnlySpan<byte> contents)
    {
        SimulatedFile file = new(this, name);
        file.Content.Write(contents, 0);
        file.MakeDurable(contents);
        names[name] = file;
        durableNames[name] = file;
    }

    /// <inheritdoc/>
    public IStorageFile Open(string name)
    {
        if (!names.TryGetValue(name, out SimulatedFile? file))
        {
            Step();
            file = new SimulatedFile(this, name);
            SimulatedFile made = file;
            ChangeNames(all => all[name] = made);
        }

        return new Handle(this, file);
    }

    /// <inheritdoc/>
    public bool Exists(string name) => names.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<string> List() => [.. names.Keys.Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Step();
        SimulatedFile file = names[from];
        ChangeNames(all =>
        {
            all.Remove(from);
            all[to] = file;
        });
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        Step();
        if (names.ContainsKey(name))
        {
            ChangeNames(all => all.Remove(name));
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        Step();
        if (Happens(Faults.LyingFlush))
        {
            return;
        }

        changedNames.ForEach(change => change(durableNames));
        changedNames.Clear();
    }

    /// <inheritdoc/>
    public string PathOf(string name) => $"disk/{name}";

    private bool Happens(double chance) => chance > 0 && random.NextDouble() < chance;

    private void ChangeNames(Action<Dictionary<string, SimulatedFile>> change)
    {
        change(names);
        changedNames.Add(change);
    }

    private void Restart()
    {
        changedNames.Clear();
        names = new Dictionary<string, SimulatedFile>(durableNames, StringComparer.Ordinal);
        durableNames = new Dictionary<string, SimulatedFile>(durableNames, StringComparer.Ordinal);
        operationsLeft = int.MaxValue;
        Boot++;
    }

    private void Step()
    {
        Operations++;
        if (operationsLeft <= 0 || --operationsLeft < 0)
        {
            operationsLeft = 0;
            throw new PowerCutException();
        }
    }

    private static IOException NoRoom() => new("No space left on device", 28);

    /// <summary>An open file: dead once the power was cut.</summary>
    private sealed class Handle(SimulatedDisk disk, SimulatedFile file) : IStorageFile
    {
        private readonly int boot = disk.Boot;
        private bool closed;

        public long Length => Open().Content.Length;

        public int Read(Span<byte> destination, long offset)
        {
            SimulatedFile open = Open();
            if (disk.operationsLeft == 0)
            {
                throw new PowerCutException();
            }

            if (disk.Happens(disk.Faults.FailedRead))
            {
                throw new IOException("Input/output error", 5);
            }

            int count = open.Content.Read(destination, offset);
            return count > 1 && disk.Happens(disk.Faults.ShortRead) ? 1 + disk.random.Next(count - 1) : count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            SimulatedFile open = Open();
            try
            {
                disk.Step();
            }
            catch (PowerCutException)
            {
                open.Write(bytes[..disk.random.Next(bytes.Length + 1)], offset);
                throw;
            }

            long growth = Math.Max(0, offset + bytes.Length - open.Content.Length);
            long room = Math.Max(0, disk.Faults.CapacityBytes - disk.UsedBytes);
            if (growth > room || disk.Happens(disk.Faults.NoRoom))
            {
                long fits = Math.Max(0, Math.Min(bytes.Length, bytes.Length - growth + room));
                open.Write(bytes[..disk.random.Next((int)fits + 1)], offset);
                throw NoRoom();
            }

            open.Write(bytes, offset);
        }

        public void SetLength(long length)
        {
            SimulatedFile open = Open();
            disk.Step();
            open.SetLength(length);
        }

        public void Flush()
        {
            SimulatedFile open = Open();
            disk.Step();
            disk.FileFlushes++;
            if (disk.Happens(disk.Faults.FailedFlush))
            {
                throw new IOException("Input/output error", 5);
            }

            if (!disk.Happens(disk.Faults.LyingFlush))
            {
                open.MakeDurable();
            }
        }

        public void Dispose() => closed = true;

        private SimulatedFile Open()
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return boot == disk.Boot ? file : throw new PowerCutException();
        }
    }
}
