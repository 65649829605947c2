using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>What a training step draws beside torch's own random numbers: functions of the data's seed, the epoch and the step.</summary>
internal sealed class StepDraws(BatchSource source)
{
    /// <summary>A number uniform over all 64-bit ones.</summary>
    public ulong Draw(RandomPurpose purpose, int epoch, int step) =>
        new RandomNumbers(RandomNumbers.Key(source.Seed, purpose, epoch), (uint)step).NextBits();

    /// <summary>
    /// Seeds a device for a step: the state of its generator cannot be read here, and so could be put back neither after a resumption nor
    /// after a certificate. The processor's generator is part of every checkpoint.
    /// </summary>
    public void SeedDevice(Device device, int epoch, int step)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.manual_seed_all((long)(Draw(RandomPurpose.Device, epoch, step) >> 1));
        }
    }

    /// <summary>
    /// Seeds torch for a step of one of several ranks: each draws numbers of its own, and none of them has a state that must be kept.
    /// </summary>
    public void SeedRank(int rank, int epoch, int step) =>
        random.manual_seed((long)(Draw(RandomPurpose.Rank, epoch, step) >> 1) ^ rank);
}
