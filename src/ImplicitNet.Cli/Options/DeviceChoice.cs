using TorchSharp;

namespace ImplicitNet.Cli.Options;

/// <summary>Finds the device of a name, and sets the number of threads.</summary>
internal static class DeviceChoice
{
    public const string Processor = "cpu";

    private const string Cuda = "cuda";

    public static IReadOnlyList<string> Names { get; } = [Processor, Cuda];

    public static torch.Device Open(string name)
    {
        if (name == Cuda && !torch.cuda.is_available())
        {
            throw new CommandException("--device cuda: no CUDA device can be used here. Take --device cpu, or build with a libtorch-cuda package on a machine with an NVIDIA driver.");
        }

        return new torch.Device(name == Cuda ? DeviceType.CUDA : DeviceType.CPU);
    }

    /// <summary>Sets the threads where a number is given.</summary>
    /// <returns>The number in force.</returns>
    public static int SetThreads(int? threads)
    {
        if (threads is { } number)
        {
            torch.set_num_threads(number);
        }

        return torch.get_num_threads();
    }
}
