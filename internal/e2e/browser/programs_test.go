package browser

func cleanPrograms() {}
