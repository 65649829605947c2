using System.IO.MemoryMappedFiles;

namespace ImplicitNet.Fuzz;

/// <summary>What the process that runs the cases tells its parent, in shared memory, which outlives it: the present case, and counts by format.</summary>
internal sealed class FuzzBoard : IDisposable
{
    private const int Slots = 3;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public FuzzBoard(string path, int formats)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, 8 * (1 + (Slots * formats)));
        _view = _file.CreateViewAccessor();
    }

    /// <summary>The index of the case that is being read.</summary>
    public long Case
    {
        get => _view.ReadInt64(0);
        set => _view.Write(0, value);
    }

    public void Count(int format, bool isRead, bool isFinding)
    {
        Add(format, 0);
        if (isFinding)
        {
            Add(format, 2);
        }
        else if (isRead)
        {
            Add(format, 1);
        }
    }

    /// <summary>Cases, files that were read, findings.</summary>
    public (long Cases, long Read, long Findings) Of(int format) => (_view.ReadInt64(Place(format, 0)), _view.ReadInt64(Place(format, 1)), _view.ReadInt64(Place(format, 2)));

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static long Place(int format, int slot) => 8 * (1 + (Slots * format) + slot);

    private void Add(int format, int slot) => _view.Write(Place(format, slot), _view.ReadInt64(Place(format, slot)) + 1);
}
