process.stdout.write("sandbox\n");
