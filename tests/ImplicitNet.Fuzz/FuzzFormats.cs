using ImplicitNet.Fuzz.Formats;

namespace ImplicitNet.Fuzz;

/// <summary>All kinds of files that the product reads.</summary>
internal static class FuzzFormats
{
    private static readonly (string Name, Func<string, FuzzFormat> Create)[] All =
    [
        ("png", _ => new PngFormat()), ("jpeg", _ => new JpegFormat()), ("gif", _ => new GifFormat()), ("bmp", _ => new BmpFormat()), ("webp", _ => new WebpFormat()),
        ("safetensors", _ => new SafetensorsFormat()), ("checkpoint", folder => new CheckpointFormat(folder)), ("pytorch", _ => new PyTorchFormat()),
        ("config", folder => new ConfigFormat(folder)), ("run", folder => new RunFormat(folder)), ("plan", folder => new PlanFormat(folder)),
        ("result", _ => new ResultFormat()), ("history", _ => new HistoryFormat()), ("idx", _ => new IdxFormat()), ("mat", _ => new MatFormat()), ("text", _ => new TextFormat()),
        ("cifar-binary", _ => new CifarBinaryFormat()), ("cifar-pickle", _ => new CifarPickleFormat()), ("cifar-archive", _ => new CifarArchiveFormat()),
    ];

    /// <summary>The one of a name, or all.</summary>
    public static IReadOnlyList<string> Names(string? name) => [.. All.Where(format => name is null || format.Name == name).Select(format => format.Name)];

    /// <summary>The one of a name, or all; those that need more than one file keep the others in a folder.</summary>
    public static IReadOnlyList<FuzzFormat> Of(string? name, string folder) =>
        [.. Names(name).Select(kind => Array.Find(All, format => format.Name == kind).Create(Directory.CreateDirectory(Path.Combine(folder, kind)).FullName))];
}
