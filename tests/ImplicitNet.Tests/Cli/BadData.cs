namespace ImplicitNet.Tests.Cli;

/// <summary>A folder of IDX files as MNIST has them, small, and sound until a test damages one.</summary>
internal static class BadData
{
    public const string TrainImages = "train-images-idx3-ubyte";
    public const string TrainLabels = "train-labels-idx1-ubyte";
    public const string TestImages = "t10k-images-idx3-ubyte";
    public const string TestLabels = "t10k-labels-idx1-ubyte";

    public static void WriteDigits(TemporaryFolder folder, int size = 28)
    {
        folder.Write(TrainImages, IdxBytes.Images(40, size, size));
        folder.Write(TrainLabels, IdxBytes.Labels([.. Enumerable.Range(0, 40).Select(i => (byte)(i % 10))]));
        folder.Write(TestImages, IdxBytes.Images(10, size, size));
        folder.Write(TestLabels, IdxBytes.Labels([.. Enumerable.Range(0, 10).Select(i => (byte)i)]));
    }
}
