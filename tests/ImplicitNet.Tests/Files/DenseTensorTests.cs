using ImplicitNet.Files.PyTorch;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files;

/// <summary>A tensor that has no numbers of its own is in no file.</summary>
public sealed class DenseTensorTests : TensorTest
{
    public static TheoryData<string, string> Faults => new()
    {
        { "null", "Tensor 'x' is null." },
        { "disposed", "Tensor 'x' has been disposed." },
        { "sparse", "Tensor 'x' is sparse; a file can hold dense ones only." },
        { "meta", "Tensor 'x' has no values: it is on the meta device." },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void It_is_refused_by_its_name_in_every_format_and_the_old_file_stays(string kind, string words)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Dictionary<string, Tensor> tensors = new() { ["first"] = ones(2), ["x"] = Of(kind)! };
        foreach (Action<string> write in (Action<string>[])[path => SafetensorsFile.Write(path, tensors), path => PyTorchFile.Write(path, tensors)])
        {
            folder.Write("w", [1, 2, 3]);
            string message = Assert.Throws<ArgumentException>(() => write(folder["w"])).Message;
            Assert.StartsWith(words, message, StringComparison.Ordinal);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(folder["w"]));
            Assert.Single(Directory.GetFiles(folder.Path));
        }
    }

    private static Tensor? Of(string kind)
    {
        Tensor tensor = ones(2, 2);
        switch (kind)
        {
            case "null": return null;
            case "sparse": return tensor.to_sparse();
            case "meta": return tensor.to(META);
            default: tensor.Dispose(); return tensor;
        }
    }
}
